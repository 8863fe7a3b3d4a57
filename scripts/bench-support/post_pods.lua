-- SPDX-License-Identifier: Apache-2.0
-- Has wrk POST pods of ever new names. Arguments: the prefix of the names, and a file with the pod called NAME.
local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(arguments)
    local file = assert(io.open(arguments[2]))
    before, after = file:read("*a"):match("^(.*)NAME(.*)$")
    file:close()
    prefix, count = arguments[1] .. "-" .. id .. "-", 0
    headers = { ["Content-Type"] = "application/json" }
end

function request()
    count = count + 1
    return wrk.format("POST", nil, headers, before .. prefix .. count .. after)
end
