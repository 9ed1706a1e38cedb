-- KEYS: gate. ARGV: now, expected version, gate, life. Answers whether nobody else was faster.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'version', whole(version + 1), 'gate', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
