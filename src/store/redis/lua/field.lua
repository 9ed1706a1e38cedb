-- KEYS: fields of an organization. ARGV: now, field, expected version, value. Answers whether nobody else was first.
local there = redis.call('HGET', KEYS[1], ARGV[2])
local version = tonumber(there and string.match(there, '^(%d+) ') or '0')
if version ~= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], whole(version + 1) .. ' ' .. ARGV[4])
return 1
