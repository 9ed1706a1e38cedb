-- KEYS: head, wakes, changed, visits, gone, hints, then the key of each visit.
-- ARGV: now, publish, token, epoch, change number that the owner committed last, then of each visit: name, version, state, wake or nothing.
-- Answers {0}: not the owner; {1, cursor, change number, how many visits were behind}.
if not owned(KEYS[1], ARGV[3], ARGV[4]) then return {0} end
local head = redis.call('HMGET', KEYS[1], 'cursor', 'change')
local change, restored = math.max(tonumber(head[2] or '0'), tonumber(ARGV[5])), 0
for n = 7, #KEYS do
  local at = 6 + (n - 7) * 4
  local name, version, state, wake = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if tonumber(redis.call('HGET', KEYS[n], 'version') or '0') < tonumber(version) then
    restored, change = restored + 1, change + 1
    redis.call('HSET', KEYS[n], 'version', version, 'epoch', ARGV[4], 'state', state)
    redis.call('ZADD', KEYS[3], whole(change), name)
    redis.call('ZADD', KEYS[4], '0', name)
    redis.call('ZREM', KEYS[5], name)
    if wake == '' then
      redis.call('ZREM', KEYS[2], name)
    else
      redis.call('ZADD', KEYS[2], wake, name)
    end
  end
end
redis.call('HSET', KEYS[1], 'change', whole(change), 'commit', '')
redis.call(ARGV[2], KEYS[6], 'changed')
return {1, head[1] or '0', whole(change), restored}
