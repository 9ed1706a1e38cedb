-- KEYS: head, journal, tries. ARGV: now, token, epoch, place.
-- Answers -1: not the owner; 0: no such entry; else the count.
if not owned(KEYS[1], ARGV[2], ARGV[3]) then return -1 end
local id = ARGV[4] .. '-0'
if #redis.call('XRANGE', KEYS[2], id, id) == 0 then return 0 end
local count, last = string.match(redis.call('HGET', KEYS[3], ARGV[4]) or '0 ', '^(%d+) (.*)$')
count = tonumber(count)
if last ~= ARGV[2] then
  count = count + 1
  redis.call('HSET', KEYS[3], ARGV[4], whole(count) .. ' ' .. ARGV[2])
end
return count
