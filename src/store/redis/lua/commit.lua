-- KEYS: head, journal, tries, wakes, changed, visits, gone, outbox, outbox payloads, parked, hints, lines that left histories, then the
-- key of each visit, then of each history its own and that of its organization's histories.
-- ARGV: now, publish, token, epoch, commit id, expected cursor, cursor, most parked, how many visits, updates and parked commands, how many
--   histories and how many lines of each are kept; then
--   of each visit: its name, expected version, '1' and the state or '0' and nothing, wake or nothing;
--   of each update: its place, attempts and payload in one;
--   of each parked command: visit, place, reason, time, payload;
--   of each history: the visit's name, how many new lines, those.
-- Answers {0}: not the owner; {2}: the store went back; {1, change number, how many lines left}.
local HEAD, AT, FIXED = KEYS[1], 14, 12
if not owned(HEAD, ARGV[3], ARGV[4]) then return {0} end
local head = redis.call('HMGET', HEAD, 'seq', 'cursor', 'change', 'commit', 'commit_change')
if head[4] == ARGV[5] then
  -- A wait for replicas only covers what its own connection has written, so a repetition writes as well.
  redis.call('HSET', HEAD, 'commit', ARGV[5])
  return {1, head[5], 0}
end
local seq, cursor, change = tonumber(head[1] or '0'), tonumber(head[2] or '0'), tonumber(head[3] or '0')
local expected, to = tonumber(ARGV[6]), tonumber(ARGV[7])
local visits, updates, parked = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local histories, lines_kept = tonumber(ARGV[12]), tonumber(ARGV[13])
if cursor ~= expected or to > seq then return {2} end
for n = 1, visits do
  local version = redis.call('HGET', KEYS[FIXED + n], 'version') or '0'
  if version ~= ARGV[AT + (n - 1) * 5 + 1] then return {2} end
end

for n = 1, visits do
  local key, at = KEYS[FIXED + n], AT + (n - 1) * 5
  local name, version, kept, state, wake = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  change = change + 1
  redis.call('ZADD', KEYS[5], whole(change), name)
  if kept == '1' then
    redis.call('HSET', key, 'version', whole(version + 1), 'epoch', ARGV[4], 'state', state)
    redis.call('ZADD', KEYS[6], '0', name)
    redis.call('ZREM', KEYS[7], name)
    if wake == '' then
      redis.call('ZREM', KEYS[4], name)
    else
      redis.call('ZADD', KEYS[4], wake, name)
    end
  else
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[4], name)
    redis.call('ZREM', KEYS[6], name)
    redis.call('ZADD', KEYS[7], whole(now()), name)
  end
end
AT = AT + visits * 5
for n = 0, updates - 1 do
  redis.call('ZADD', KEYS[8], '0', ARGV[AT + n * 2])
  redis.call('HSET', KEYS[9], ARGV[AT + n * 2], ARGV[AT + n * 2 + 1])
end
AT = AT + updates * 2
for n = 0, parked - 1 do
  local at = AT + n * 5
  redis.call('XADD', KEYS[10], 'MAXLEN', ARGV[8], '*', 'v', ARGV[at], 's', ARGV[at + 1], 'r', ARGV[at + 2],
    't', ARGV[at + 3], 'p', ARGV[at + 4])
end
AT = AT + parked * 5
local left = 0
for n = 1, histories do
  local own = FIXED + visits + n * 2 - 1
  local key, name, lines = KEYS[own], ARGV[AT], tonumber(ARGV[AT + 1])
  local there = 0
  for line = 1, lines do there = redis.call('RPUSH', key, ARGV[AT + 1 + line]) end
  redis.call('ZADD', KEYS[own + 1], whole(now()), name)
  if there > lines_kept then
    redis.call('LTRIM', key, -lines_kept, -1)
    redis.call('HINCRBY', KEYS[12], name, there - lines_kept)
    left = left + there - lines_kept
  end
  AT = AT + 2 + lines
end
if visits == 0 then change = change + 1 end
if to > cursor then
  redis.call('XTRIM', KEYS[2], 'MINID', whole(to + 1) .. '-0')
  for _, place in ipairs(redis.call('HKEYS', KEYS[3])) do
    if tonumber(place) <= to then redis.call('HDEL', KEYS[3], place) end
  end
end
redis.call('HSET', HEAD, 'cursor', whole(to), 'change', whole(change), 'commit', ARGV[5], 'commit_change', whole(change))
redis.call(ARGV[2], KEYS[11], 'changed')
return {1, whole(change), left}
