-- KEYS: index, held, held of the meeting. ARGV: now, meeting, payload, most held, life of a held event.
-- Answers {1, visit} or {0, whether one was dropped for it, how many had expired}.
local visit = redis.call('HGET', KEYS[1], ARGV[2])
if visit then return {1, visit} end
local moment, expired, dropped = now(), 0, 0
while true do
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not oldest then break end
  -- Fields: meeting, until, payload.
  if tonumber(oldest[2][4]) <= moment then
    expired = expired + 1
  elseif redis.call('XLEN', KEYS[2]) >= math.max(tonumber(ARGV[4]), 1) then
    dropped = 1
  else
    break
  end
  redis.call('XDEL', KEYS[2], oldest[1])
end
local id = redis.call('XADD', KEYS[2], '*', 'm', ARGV[2], 'u', whole(moment + tonumber(ARGV[5])), 'p', ARGV[3])
redis.call('RPUSH', KEYS[3], id)
redis.call('PEXPIRE', KEYS[3], whole(tonumber(ARGV[5]) * 2))
return {0, dropped, expired}
