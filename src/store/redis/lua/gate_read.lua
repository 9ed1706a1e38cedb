-- KEYS: gate. ARGV: now. Answers {time, version, gate or nothing}.
local gate = redis.call('HMGET', KEYS[1], 'version', 'gate')
return {whole(now()), gate[1] or '0', gate[2] or ''}
