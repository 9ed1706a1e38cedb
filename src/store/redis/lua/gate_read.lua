-- KEYS: gate, and the fields of whoever may halt it, if anybody. ARGV: now, the field of the halt. Answers {time, version, gate or nothing, field
-- or nothing}.
local gate = redis.call('HMGET', KEYS[1], 'version', 'gate')
local halt = KEYS[2] and redis.call('HGET', KEYS[2], ARGV[2])
return {whole(now()), gate[1] or '0', gate[2] or '', halt or ''}
