/**
 * The atomic steps that run in Redis. An entry is stored under `<root>:<epoch>:<name>` and is one of two texts:
 *
 *   V<mark>:<value>   a value
 *   L<mark>:<token>   a lease for a reader, whose value is accepted when it is at least as new as the mark
 *
 * Both expire five seconds after the lease was granted, which was before the reader queried the database. An invalidation raises the mark
 * of a lease and removes an older value. So a reader that queried before a change cannot store the old value, however slow it is: its
 * lease either has a higher mark or is gone. The epoch is a random word: a new one invalidates everything immediately.
 */
export const scripts = {
  /** root, a new epoch, milliseconds, token, then name and least mark of each. Returns a text for each: the value, `+` for a lease, or nothing. */
  read: `
    local epoch = redis.call('get', KEYS[1])
    if not epoch then
      epoch = ARGV[1]
      redis.call('set', KEYS[1], epoch, 'ex', 604800)
    end
    local answers = {}
    for at = 4, #ARGV, 2 do
      local key = KEYS[1] .. ':' .. epoch .. ':' .. ARGV[at]
      local entry = redis.call('get', key)
      local kind, mark = nil, nil
      if entry then kind, mark = string.match(entry, '^([VL])(%d+):') end
      local answer = ''
      if kind == 'V' and tonumber(mark) >= tonumber(ARGV[at + 1]) then
        answer = entry
      elseif kind ~= 'L' then
        redis.call('set', key, 'L' .. ARGV[at + 1] .. ':' .. ARGV[3], 'px', ARGV[2])
        answer = '+'
      end
      answers[#answers + 1] = answer
    end
    return answers`,

  /** root, then token, name, mark and value of each; an empty mark returns the lease. */
  keep: `
    local epoch = redis.call('get', KEYS[1])
    if not epoch then return 0 end
    for at = 1, #ARGV, 4 do
      local key = KEYS[1] .. ':' .. epoch .. ':' .. ARGV[at + 1]
      local entry = redis.call('get', key)
      local least, token = nil, nil
      if entry then least, token = string.match(entry, '^L(%d+):(.*)$') end
      if token == ARGV[at] then
        if ARGV[at + 2] ~= '' and tonumber(ARGV[at + 2]) >= tonumber(least) then
          redis.call('set', key, 'V' .. ARGV[at + 2] .. ':' .. ARGV[at + 3], 'keepttl')
        else
          redis.call('del', key)
        end
      end
    end
    return 1`,

  /** root, then name and seq of each; an empty seq removes any value. */
  forget: `
    local epoch = redis.call('get', KEYS[1])
    if not epoch then return 0 end
    for at = 1, #ARGV, 2 do
      local key = KEYS[1] .. ':' .. epoch .. ':' .. ARGV[at]
      local entry = redis.call('get', key)
      if entry then
        local kind, mark, rest = string.match(entry, '^([VL])(%d+):(.*)$')
        if ARGV[at + 1] == '' or not kind then
          redis.call('del', key)
        elseif tonumber(mark) < tonumber(ARGV[at + 1]) then
          if kind == 'V' then redis.call('del', key)
          else redis.call('set', key, 'L' .. ARGV[at + 1] .. ':' .. rest, 'keepttl') end
        end
      end
    end
    return 1`,

  /** key, limit per window, milliseconds of the window. Returns 0 when it was counted, else the milliseconds to wait. */
  take: `
    local taken = tonumber(redis.call('get', KEYS[1]) or '0')
    if taken >= tonumber(ARGV[1]) then
      local left = redis.call('pttl', KEYS[1])
      if left < 0 then redis.call('pexpire', KEYS[1], ARGV[2]) left = tonumber(ARGV[2]) end
      return math.max(left, 1)
    end
    if redis.call('incr', KEYS[1]) == 1 then redis.call('pexpire', KEYS[1], ARGV[2]) end
    return 0`,

  /** key. */
  giveBack: `
    if tonumber(redis.call('get', KEYS[1]) or '0') > 0 then redis.call('decr', KEYS[1]) end
    return 0`,
} as const;

export type ScriptName = keyof typeof scripts;
