-- KEYS: histories, lines that left them, then the key of each that may be old. ARGV: now, the oldest time that stays, then the visit of each.
-- Answers how many were removed.
local removed = 0
for n = 3, #ARGV do
  -- One that has a newer line by now stays.
  local last = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if last and tonumber(last) < tonumber(ARGV[2]) then
    redis.call('UNLINK', KEYS[n])
    redis.call('HDEL', KEYS[2], ARGV[n])
    redis.call('ZREM', KEYS[1], ARGV[n])
    removed = removed + 1
  end
end
return removed
