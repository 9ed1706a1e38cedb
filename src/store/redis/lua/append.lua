-- KEYS: head, journal, hints. ARGV: now, publish, most entries (-1 for any number), then visit and payload of each.
-- Answers {0}: full, or {1, last place}.
local head = redis.call('HMGET', KEYS[1], 'seq', 'cursor')
local seq, cursor = tonumber(head[1] or '0'), tonumber(head[2] or '0')
local most, more = tonumber(ARGV[3]), (#ARGV - 3) / 2
if most >= 0 and more > 0 and seq - cursor + more > most then return {0} end
for at = 4, #ARGV, 2 do
  seq = push(KEYS[1], KEYS[2], seq, ARGV[at], ARGV[at + 1])
end
if more > 0 then redis.call(ARGV[2], KEYS[3], 'journal') end
return {1, whole(seq)}
