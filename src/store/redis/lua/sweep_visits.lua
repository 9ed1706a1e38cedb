-- KEYS: gone, changed, then nothing. ARGV: now, how long a visit that left is told of. Answers how many are told of no more.
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now() - tonumber(ARGV[2])))
for _, name in ipairs(old) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return #old
