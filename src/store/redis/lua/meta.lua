-- KEYS: what the store is. ARGV: now, then field and value of what it should be. Answers what it is, written now where nothing stood.
for at = 2, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 1])
end
return redis.call('HGETALL', KEYS[1])
