-- KEYS: head. ARGV: now, token, epoch, ttl, cursor and change number that the owner committed last.
-- Answers 0: not the owner; 1: renewed; 2: renewed, and the store holds less than the owner committed.
if not owned(KEYS[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'until', whole(now() + tonumber(ARGV[4])))
local stands = redis.call('HMGET', KEYS[1], 'cursor', 'change')
if tonumber(stands[1] or '0') < tonumber(ARGV[5]) or tonumber(stands[2] or '0') < tonumber(ARGV[6]) then
  return 2
end
return 1
