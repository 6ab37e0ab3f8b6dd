/**
 * What Redis does for us in one step each. An entry is kept under `<root>:<epoch>:<name>` and is one of two texts:
 *
 *   V<mark>:<value>   a value
 *   L<mark>:<token>   a place for one, given to a reader; what it brings is taken when it is at least as new as the mark
 *
 * Both end five seconds after the place was given, which was before the reader asked the database. Forgetting raises the mark of a place
 * and removes a value that is older. So whoever read before a change cannot put back what was there before it, however slow it is:
 * either its place has a higher mark, or its place is gone. The epoch is a random word: a new one leaves everything behind at once.
 */
export const scripts = {
  /** root, a word for an epoch, milliseconds, token, then name and least mark of each. Answers with a text each: value, `+` for a place, or nothing. */
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

  /** root, then token, name, mark and value of each; an empty mark gives the place back. */
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

  /** root, then name and seq of each; an empty seq means: whatever is there. */
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

  /** key, how many a window, milliseconds of the window. Answers 0 when it was counted, else the milliseconds to wait. */
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
