-- KEYS: head, hints. ARGV: now, token, epoch, publish.
if not owned(KEYS[1], ARGV[2], ARGV[3]) then return 0 end
-- The token stays: it tells who owned the shard last.
redis.call('HSET', KEYS[1], 'until', '0', 'unclean', '0')
redis.call(ARGV[4], KEYS[2], 'released')
return 1
