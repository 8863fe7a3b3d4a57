// SPDX-License-Identifier: Apache-2.0
// Clients of databases: where they go, and what they say when nobody is there. What they ask a server is not simulated.

import PodiumRuntime

extension Applets {
    static let clientApplets: [String: ImmediateApplet] = [
        "mysql": mysqlClient,
        "mariadb": mysqlClient,
        "mysqladmin": mysqlAdministrator,
        "mariadb-admin": mysqlAdministrator,
        "mongosh": mongoClient,
        "mongo": mongoClient,
    ]

    /// How far a client comes.
    enum Contact {
        /// It is connected, to an address.
        case connected(String)
        /// An address refuses, or says nothing.
        case refused(String)
        /// The host has no address.
        case unknown
    }

    static func contact(_ host: String, _ port: Int, _ machine: Machine) -> Contact {
        guard let address = machine.addresses(of: host).first else { return .unknown }
        return machine.accepts(address, port: port) ? .connected(address) : .refused(address)
    }

    /// The host and the port of `scheme://user:password@host:port/…` with one of the schemes; nil for other words.
    static func place(_ text: String?, schemes: Set<String>) -> (host: String?, port: Int?)? {
        guard let text, let mark = text.firstRange(of: "://"), schemes.contains(String(text[..<mark.lowerBound])) else {
            return nil
        }
        let authority = text[mark.upperBound...].prefix { !"/?,".contains($0) }
        let start = authority.lastIndex(of: "@").map(authority.index(after:)) ?? authority.startIndex
        return hostAndPort(String(authority[start...]))
    }

    static func show(_ machine: inout Machine, _ text: String) -> Int {
        machine.print(text)
        return 0
    }

    private static func hostAndPort(_ text: String) -> (host: String?, port: Int?) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0].isEmpty ? nil : parts[0], parts.count > 1 ? Int(parts[1]) : nil)
    }

    static func variable(_ name: String, _ machine: Machine) -> String? {
        machine.process.environment.last { $0.name == name && !$0.value.isEmpty }?.value
    }

    static func noteQuestions(_ name: String, _ machine: inout Machine) {
        machine.note("What \(name) asks its server is not simulated: it connects, and finds and changes nothing")
    }

    // MySQL

    private static let mysqlOptions: [String: Character] = [
        "host": "h", "port": "P", "user": "u", "execute": "e", "database": "D", "socket": "S", "protocol": "T",
        "connect-timeout": "O", "connect_timeout": "O", "default-character-set": "O", "defaults-file": "O",
        "defaults-extra-file": "O", "ssl-mode": "O", "ssl-ca": "O", "silent": "s", "version": "V",
    ]

    /// Where a client of MySQL goes.
    private struct MySQLTarget {
        var options: AppletOptions
        var host: String
        var port: Int
        /// The socket that `localhost` means; nil when it goes by its port.
        var socket: String?

        /// A password is written to its `-p`, and never a word of its own.
        init(_ words: [String]) {
            options = AppletOptions(words.filter { !$0.hasPrefix("-p") }, valued: "hPueDSOT", long: mysqlOptions)
            host = options["h"] ?? "localhost"
            port = options["P"].flatMap { Int($0) } ?? 3306
            let goesByPort = options["T"]?.lowercased() == "tcp"
            socket = host == "localhost" && !goesByPort ? options["S"] ?? "/var/run/mysqld/mysqld.sock" : nil
        }
    }

    /// Why a client does not reach its server, with the number of the error; nil when it does.
    private static func mysqlFailure(_ target: MySQLTarget, _ machine: Machine) -> (number: String, text: String)? {
        switch contact(target.host, target.port, machine) {
        case .connected: return nil
        case .unknown: return ("2005", "Unknown MySQL server host '\(target.host)' (-2)")
        case .refused:
            if let socket = target.socket {
                return ("2002", "Can't connect to local MySQL server through socket '\(socket)' (2)")
            }
            return ("2003", "Can't connect to MySQL server on '\(target.host):\(target.port)' (111)")
        }
    }

    private static func mysqlClient(_ machine: inout Machine, _ words: [String]) -> Int {
        let target = MySQLTarget(words)
        let name = words.first?.lastComponent ?? ""
        if target.options.has("V") { return show(&machine, "\(name)  Ver 8.4.0 for Linux on x86_64\n") }
        if let failure = mysqlFailure(target, machine) {
            machine.complain("ERROR \(failure.number) (HY000): \(failure.text)")
            return 1
        }
        noteQuestions(name, &machine)
        return 0
    }

    private static func mysqlAdministrator(_ machine: inout Machine, _ words: [String]) -> Int {
        let target = MySQLTarget(words)
        let name = words.first?.lastComponent ?? ""
        let isSilent = target.options.has("s")
        if let failure = mysqlFailure(target, machine) {
            guard !isSilent else { return 1 }
            machine.complain("\(name): connect to server at '\(target.host)' failed\nerror: '\(failure.text)'")
            if let socket = target.socket, failure.number == "2002" {
                machine.complain("Check that mysqld is running and that the socket: '\(socket)' exists!")
            } else {
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

    /// `healthcheck.sh` of MariaDB's image, whose options are the tests that are to be passed, one after the other.
    // MariaDB: https://github.com/MariaDB/mariadb-docker/blob/master/healthcheck.sh
    static func mariaHealth(_ machine: inout Machine, _ words: [String]) -> Int {
        let settings =
            ["su", "su-mysql", "datadir", "no-defaults", "defaults-file", "defaults-extra-file"]
            + ["defaults-group-suffix", "innodb_buffer_pool_load_status", "replication_all", "replication_name"]
        let tests = [
            "connect", "innodb_initialized", "innodb_buffer_pool_loaded", "galera_online", "galera_ready",
            "replication",
            "mariadbupgrade",
        ]
        if words.count == 1 {
            machine.complain("At least one argument required")
            return 1
        }
        for word in words.dropFirst() {
            let name = String(word.drop { $0 == "-" }.prefix { $0 != "=" })
            if settings.contains(name) || name.hasPrefix("replication_") { continue }
            let isKnown = tests.contains(name)
            if isKnown, case .connected = contact("127.0.0.1", 3306, machine) { continue }
            if !isKnown { machine.complain("/usr/local/bin/healthcheck.sh: \(name): command not found") }
            machine.complain("healthcheck \(name) failed")
            return 1
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
        if words.contains("--nodb") {
            // It looks for no server, and evaluates what it is given.
            if options["e"] != nil || options["f"] != nil { noteQuestions(words[0].lastComponent, &machine) }
            return 0
        }
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
