-- KEYS: head, journal, outbox, outbox payloads, records, all record places, attempts, hints, then three index keys of each record.
-- ARGV: now, publish, token, epoch, how many records; then of each record: place, bytes, its update and which
--   attempt of it, both empty where none is counted; then of each report:
--   '1', the lane's beginning, the place of its update, visit, payload: settled, with a command for the visit;
--   '0', nothing, the place of its update, attempts, nothing: tried.
-- Answers 0: not the owner; 1: done.
if not owned(KEYS[1], ARGV[3], ARGV[4]) then return 0 end
local seq = tonumber(redis.call('HGET', KEYS[1], 'seq') or '0')
local records, at, settles = tonumber(ARGV[5]), 6, false
for n = 1, records do
  redis.call('HSET', KEYS[5], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[6], '0', ARGV[at])
  for index = 1, 3 do
    local key = KEYS[8 + (n - 1) * 3 + index]
    -- A record without CSN or meeting has the shard's own list in their stead.
    if key ~= KEYS[6] then redis.call('ZADD', key, '0', ARGV[at]) end
  end
  local update, attempt = ARGV[at + 2], tonumber(ARGV[at + 3])
  if attempt and attempt > tonumber(redis.call('HGET', KEYS[7], update) or '0') then
    redis.call('HSET', KEYS[7], update, attempt)
  end
  at = at + 4
end
while at <= #ARGV do
  local kind, lane, place = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if kind == '1' then
    settles = true
    local done = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. lane, '[' .. place)
    for _, older in ipairs(done) do
      redis.call('ZREM', KEYS[3], older)
      redis.call('HDEL', KEYS[4], older)
    end
    seq = push(KEYS[1], KEYS[2], seq, ARGV[at + 3], ARGV[at + 4])
  else
    local waiting = redis.call('HGET', KEYS[4], place)
    if waiting then
      redis.call('HSET', KEYS[4], place, ARGV[at + 3] .. ' ' .. string.match(waiting, '^%d+ (.*)$'))
    end
  end
  at = at + 5
end
if settles then redis.call(ARGV[2], KEYS[8], 'journal') end
return 1
