-- KEYS: head. ARGV: now, token, node, ttl, least epoch.
-- Answers {1, epoch, clean, token and epoch of whoever owned it last before this lease} or {0, token, epoch, node, nothing} of whoever holds it.
local head = redis.call('HMGET', KEYS[1], 'token', 'epoch', 'until', 'node', 'unclean', 'before', 'before_epoch')
local moment = now()
local held = head[1] and tonumber(head[3] or '0') > moment
if held and head[1] ~= ARGV[2] then
  return {0, head[1], head[2], head[4], ''}
end
local epoch, clean = tonumber(head[2] or '0'), 0
-- Who asks again, since the first answer was lost, is told the same.
local before, before_epoch = head[6] or '', head[7] or '0'
if not held then
  epoch = math.max(epoch, tonumber(ARGV[5])) + 1
  if head[5] ~= '1' then clean = 1 end
  before, before_epoch = head[1] or '', head[2] or '0'
end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'node', ARGV[3], 'epoch', whole(epoch),
  'until', whole(moment + tonumber(ARGV[4])), 'unclean', '1',
  'before', before, 'before_epoch', before_epoch)
return {1, whole(epoch), clean, before, before_epoch}
