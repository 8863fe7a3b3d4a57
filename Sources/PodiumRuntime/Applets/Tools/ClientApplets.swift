// SPDX-License-Identifier: Apache-2.0
// Clients of databases: where they go, and what they say when nobody is there. What they ask a server is not simulated.

extension Applets {
    static let clientApplets: [String: ImmediateApplet] = [
        "pg_isready": isPostgresReady,
        "psql": psql,
        "redis-cli": redisClient,
        "valkey-cli": redisClient,
        "mysql": mysqlClient,
        "mariadb": mysqlClient,
        "mysqladmin": mysqlAdministrator,
        "mariadb-admin": mysqlAdministrator,
        "mongosh": mongoClient,
        "mongo": mongoClient,
    ]

    /// How far a client comes.
    private enum Contact {
        /// It is connected, to an address.
        case connected(String)
        /// An address refuses, or says nothing.
        case refused(String)
        /// The host has no address.
        case unknown
    }

    private static func contact(_ host: String, _ port: Int, _ machine: Machine) -> Contact {
        guard let address = machine.addresses(of: host).first else { return .unknown }
        return machine.accepts(address, port: port) ? .connected(address) : .refused(address)
    }

    /// The host and the port of `scheme://user:password@host:port/…` with one of the schemes; nil for other words.
    private static func place(_ text: String?, schemes: Set<String>) -> (host: String?, port: Int?)? {
        guard let text, let mark = text.firstRange(of: "://"), schemes.contains(String(text[..<mark.lowerBound])) else {
            return nil
        }
        let authority = text[mark.upperBound...].prefix { !"/?,".contains($0) }
        let start = authority.lastIndex(of: "@").map(authority.index(after:)) ?? authority.startIndex
        return hostAndPort(String(authority[start...]))
    }

    private static func hostAndPort(_ text: String) -> (host: String?, port: Int?) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0].isEmpty ? nil : parts[0], parts.count > 1 ? Int(parts[1]) : nil)
    }

    private static func variable(_ name: String, _ machine: Machine) -> String? {
        machine.process.environment.last { $0.name == name && !$0.value.isEmpty }?.value
    }

    private static func noteQuestions(_ name: String, _ machine: inout Machine) {
        machine.note("What \(name) asks its server is not simulated: it connects, and finds and changes nothing")
    }

    // PostgreSQL

    /// Where a client of PostgreSQL goes; without a host, to the socket of its own machine.
    private static func postgres(
        _ options: AppletOptions,
        _ database: String?,
        _ machine: Machine
    ) -> (host: String, port: Int, isSocket: Bool) {
        var named = place(database, schemes: ["postgres", "postgresql"])
        if named == nil, let database, database.contains("=") {
            let pairs = database.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            func value(_ name: String) -> String? { pairs.last { $0.count == 2 && $0[0] == name }?[1] }
            named = (value("host"), value("port").flatMap { Int($0) })
        }
        let host = options["h"] ?? named?.host ?? variable("PGHOST", machine)
        let port = (options["p"] ?? variable("PGPORT", machine)).flatMap { Int($0) }
        guard let host, !host.hasPrefix("/") else {
            return ("127.0.0.1", named?.port ?? port ?? 5432, true)
        }
        return (host, named?.port ?? port ?? 5432, false)
    }

    private static func isPostgresReady(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "host": "h", "port": "p", "dbname": "d", "username": "U", "timeout": "t", "quiet": "q", "version": "V",
        ]
        let options = AppletOptions(words, valued: "dhptU", long: long)
        if options.has("V") { return show(&machine, "pg_isready (PostgreSQL) 16.3\n") }
        let target = postgres(options, options["d"], machine)
        let isUp = if case .connected = contact(target.host, target.port, machine) { true } else { false }
        if !options.has("q") {
            let name = target.isSocket ? "/var/run/postgresql" : target.host
            machine.print("\(name):\(target.port) - \(isUp ? "accepting connections" : "no response")\n")
        }
        return isUp ? 0 : 2
    }

    private static func psql(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "command": "c", "dbname": "d", "file": "f", "field-separator": "F", "host": "h", "log-file": "L",
            "output": "o", "port": "p", "pset": "P", "record-separator": "R", "table-attr": "T", "username": "U",
            "set": "v", "variable": "v", "version": "V",
        ]
        let options = AppletOptions(words, valued: "cdfFhLopPRTUv", long: long)
        if options.has("V") { return show(&machine, "psql (PostgreSQL) 16.3\n") }
        let target = postgres(options, options["d"] ?? options.words.first, machine)
        let socket = "/var/run/postgresql/.s.PGSQL.\(target.port)"
        switch contact(target.host, target.port, machine) {
        case .connected:
            noteQuestions("psql", &machine)
            return 0
        case .unknown:
            machine.complain(
                "psql: error: could not translate host name \"\(target.host)\" to address: Name or service not known"
            )
        case .refused where target.isSocket:
            machine.complain(
                "psql: error: connection to server on socket \"\(socket)\" failed: No such file or directory\n"
                    + "\tIs the server running locally and accepting connections on that socket?"
            )
        case .refused(let address):
            let place = address == target.host ? "\"\(address)\"" : "\"\(target.host)\" (\(address))"
            machine.complain(
                "psql: error: connection to server at \(place), port \(target.port) failed: Connection refused\n"
                    + "\tIs the server running on that host and accepting TCP/IP connections?"
            )
        }
        return 2
    }

    private static func show(_ machine: inout Machine, _ text: String) -> Int {
        machine.print(text)
        return 0
    }

    // Redis

    private static func redisClient(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "user": "U", "pass": "a", "uri": "u", "cacert": "A", "cacertdir": "A", "cert": "B", "key": "C", "sni": "S",
            "eval": "E", "rdb": "R", "pipe-timeout": "T", "version": "v",
        ]
        let options = AppletOptions(words, valued: "hpstaurinDdUABCSERT", stops: true, long: long)
        if options.has("v") { return show(&machine, "redis-cli 7.2.5\n") }
        let named = place(options["u"], schemes: ["redis", "rediss"])
        let host = options["h"] ?? named?.host ?? "127.0.0.1"
        let port = options["p"].flatMap { Int($0) } ?? named?.port ?? 6379
        switch contact(host, port, machine) {
        case .unknown:
            machine.complain("Could not connect to Redis at \(host):\(port): Name or service not known")
            return 1
        case .refused:
            machine.complain("Could not connect to Redis at \(host):\(port): Connection refused")
            return 1
        case .connected:
            machine.print(redisAnswer(options.words, &machine) + "\n")
            return 0
        }
    }

    /// What a server that keeps nothing says to a command.
    private static func redisAnswer(_ words: [String], _ machine: inout Machine) -> String {
        switch words.first?.lowercased() {
        case "ping": return words.count > 1 ? words[1] : "PONG"
        case "echo": return words.count > 1 ? words[1] : ""
        case "auth", "select": return "OK"
        case "set", "mset", "setex", "config", "save", "flushall", "flushdb", "replicaof", "slaveof", "rename":
            noteQuestions("redis-cli", &machine)
            return "OK"
        default:
            noteQuestions("redis-cli", &machine)
            return ""
        }
    }

    // MySQL

    private static let mysqlOptions: [String: Character] = [
        "host": "h", "port": "P", "user": "u", "execute": "e", "database": "D", "socket": "S", "protocol": "O",
        "connect-timeout": "O", "connect_timeout": "O", "default-character-set": "O", "defaults-file": "O",
        "defaults-extra-file": "O", "ssl-mode": "O", "ssl-ca": "O", "silent": "s", "version": "V",
    ]

    /// Where a client of MySQL goes. A password is written to its `-p`, and never a word of its own.
    private static func mysql(_ words: [String]) -> (options: AppletOptions, host: String, port: Int) {
        let given = words.filter { !$0.hasPrefix("-p") }
        let options = AppletOptions(given, valued: "hPueDSO", long: mysqlOptions)
        return (options, options["h"] ?? "localhost", options["P"].flatMap { Int($0) } ?? 3306)
    }

    /// Why a client does not reach its server, with the number of the error; nil when it does.
    private static func mysqlFailure(
        _ host: String,
        _ port: Int,
        _ machine: Machine
    ) -> (number: String, text: String)? {
        switch contact(host, port, machine) {
        case .connected: return nil
        case .unknown: return ("2005", "Unknown MySQL server host '\(host)' (-2)")
        case .refused where host == "localhost":
            return ("2002", "Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)")
        case .refused: return ("2003", "Can't connect to MySQL server on '\(host):\(port)' (111)")
        }
    }

    private static func mysqlClient(_ machine: inout Machine, _ words: [String]) -> Int {
        let target = mysql(words)
        let name = words.first?.lastComponent ?? ""
        if target.options.has("V") { return show(&machine, "\(name)  Ver 8.4.0 for Linux on x86_64\n") }
        if let failure = mysqlFailure(target.host, target.port, machine) {
            machine.complain("ERROR \(failure.number) (HY000): \(failure.text)")
            return 1
        }
        noteQuestions(name, &machine)
        return 0
    }

    private static func mysqlAdministrator(_ machine: inout Machine, _ words: [String]) -> Int {
        let target = mysql(words)
        let name = words.first?.lastComponent ?? ""
        let isSilent = target.options.has("s")
        if let failure = mysqlFailure(target.host, target.port, machine) {
            guard !isSilent else { return 1 }
            machine.complain("\(name): connect to server at '\(target.host)' failed\nerror: '\(failure.text)'")
            if failure.number == "2003" {
                machine.complain("Check that mysqld is running on \(target.host) and that the port is \(target.port).")
                machine.complain("You can check this by doing 'telnet \(target.host) \(target.port)'")
            }
            return 1
        }
        if target.options.words.first == "ping" {
            if !isSilent { machine.print("mysqld is alive\n") }
        } else {
            noteQuestions(name, &machine)
        }
        return 0
    }

    // MongoDB

    private static func mongoClient(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "host": "h", "port": "P", "username": "u", "password": "p", "eval": "e", "file": "f",
            "authenticationDatabase": "A", "authenticationMechanism": "A", "tlsCAFile": "A",
            "tlsCertificateKeyFile": "A", "version": "V",
        ]
        let options = AppletOptions(words, valued: "hPupefA", long: long)
        if options.has("V") { return show(&machine, "2.2.6\n") }
        // A host may name a set of replicas and several members, of which the first is asked.
        let member = options["h"].map { String($0.split(separator: "/").last ?? "").prefix { $0 != "," } }
        let word = options.words.first
        var named = member.map { hostAndPort(String($0)) } ?? place(word, schemes: ["mongodb", "mongodb+srv"])
        if named == nil, let word, word.contains(":") || word.contains("/"), !word.hasSuffix(".js") {
            named = hostAndPort(String(word.prefix { $0 != "/" }))
        }
        let host = named?.host ?? "127.0.0.1"
        let port = options["P"].flatMap { Int($0) } ?? named?.port ?? 27_017
        switch contact(host, port, machine) {
        case .unknown:
            machine.complain("MongoNetworkError: getaddrinfo ENOTFOUND \(host)")
            return 1
        case .refused(let address):
            machine.complain("MongoNetworkError: connect ECONNREFUSED \(address):\(port)")
            return 1
        case .connected:
            noteQuestions(words.first?.lastComponent ?? "", &machine)
            machine.print("{ ok: 1 }\n")
            return 0
        }
    }
}
