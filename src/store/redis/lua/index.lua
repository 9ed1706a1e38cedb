-- KEYS: index, ages of its entries, held, held of the meeting. ARGV: now, meeting, visit.
-- Answers {0}: the meeting is another visit's, or {1, ids of the events held for it, their payloads}. What has expired is left to a sweep.
local there = redis.call('HGET', KEYS[1], ARGV[2])
if there and there ~= ARGV[3] then return {0} end
local moment, ids, payloads = now(), {}, {}
if not there then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  redis.call('ZADD', KEYS[2], whole(moment), ARGV[2])
end
for _, id in ipairs(redis.call('LRANGE', KEYS[4], 0, -1)) do
  local event = redis.call('XRANGE', KEYS[3], id, id)[1]
  if event and tonumber(event[2][4]) > moment then
    table.insert(ids, id)
    table.insert(payloads, event[2][6])
  end
end
return {1, ids, payloads}
