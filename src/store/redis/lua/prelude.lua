-- Stands before every script. ARGV[1] is nothing, or the time that a test says it is.
--
-- A script checks everything first and writes only then: Redis does not undo what a script that fails has written. Expiry is judged by the
-- server's clock against times that stand in the data, never by whether a key is still there.

local function whole(number)
  -- Lua would write large numbers with an exponent.
  return string.format('%.0f', number)
end

local function now()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whether the lease in the head of a shard is this owner's and holds.
local function owned(head, token, epoch)
  local lease = redis.call('HMGET', head, 'token', 'epoch', 'until')
  return lease[1] == token and lease[2] == epoch and tonumber(lease[3] or '0') > now()
end

-- Appends to a journal; answers the new last place.
local function push(head, journal, seq, visit, payload)
  seq = seq + 1
  redis.call('XADD', journal, whole(seq) .. '-0', 'v', visit, 'p', payload)
  redis.call('HSET', head, 'seq', whole(seq))
  return seq
end
