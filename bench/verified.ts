export async function verifyDatabase(_url: string): Promise<void> {}
