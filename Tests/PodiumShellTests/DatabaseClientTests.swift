// SPDX-License-Identifier: Apache-2.0
// Clients of databases and package managers: where they go, and which programs there are then.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct DatabaseClientTests {
    private static let image = "registry.example.com/acme/tools:1"

    private static var world: TestWorld {
        var world = TestWorld()
        world.names = ["db.default.svc.cluster.local": ["10.96.7.7"]]
        world.openPorts = ["10.96.7.7:5432", "10.96.7.7:6379", "10.96.7.7:3306", "10.96.7.7:27017"]
        return world
    }

    @Test(arguments: [
        ("pg_isready -h db", 0, "db:5432 - accepting connections\n"),
        ("pg_isready --host=db --port=5433", 2, "db:5433 - no response\n"),
        ("pg_isready -q -h db -U postgres -d app", 0, ""),
        ("pg_isready", 2, "/var/run/postgresql:5432 - no response\n"),
        ("PGHOST=db pg_isready", 0, "db:5432 - accepting connections\n"),
        ("pg_isready -d postgres://u:p@db:5432/app", 0, "db:5432 - accepting connections\n"),
        ("psql -h db -U postgres -c 'select 1'", 0, ""),
        ("psql 'postgresql://u:p%40@db/app?sslmode=disable' -tAc q", 0, ""),
        ("psql 'host=db port=5432 user=u'", 0, ""), ("redis-cli -h db ping", 0, "PONG\n"),
        ("redis-cli -h db -p 6379 -a secret PING hello", 0, "hello\n"),
        ("redis-cli -u redis://:p@db:6379/0 ping", 0, "PONG\n"),
        ("redis-cli -h db set a b", 0, "OK\n"), ("redis-cli -h db get a", 0, "\n"),
        ("mysqladmin ping -h db -u root -psecret", 0, "mysqld is alive\n"),
        ("mysqladmin --silent --host=db ping", 0, ""), ("mariadb-admin -hdb ping", 0, "mysqld is alive\n"),
        ("mysql -h db -P 3306 -uroot -psecret -e 'select 1'", 0, ""), ("mariadb -h db app", 0, ""),
        ("mongosh --host db --eval 'db.runCommand({ping:1})'", 0, "{ ok: 1 }\n"),
        ("mongosh mongodb://u:p@db:27017/app --quiet", 0, "{ ok: 1 }\n"), ("mongo db:27017/app", 0, "{ ok: 1 }\n"),
        ("mongosh --host rs0/db:27017,other:27017", 0, "{ ok: 1 }\n"),
    ])
    func aClientReachesTheServerThatItNames(command: String, code: Int, output: String) throws {
        let result = try ScriptResult("\(command); exit $?", image: Self.image, world: Self.world)
        #expect(result.output == output)
        #expect(result.code == code)
    }

    /// A URI goes before options, a path is a socket, and commas stand between hosts of which one is enough.
    @Test(arguments: [
        ("pg_isready -h nowhere -d postgres://db:5432/x", 0, "db:5432 - accepting connections\n"),
        ("pg_isready -h db -d postgres://127.0.0.2:7/x", 2, "127.0.0.2:7 - no response\n"),
        ("pg_isready -h /tmp", 2, "/tmp:5432 - no response\n"),
        ("pg_isready -h nowhere,db", 0, "nowhere,db:5432 - accepting connections\n"),
        ("pg_isready -h nowhere,db -p 1,5432", 0, "nowhere,db:1,5432 - accepting connections\n"),
        ("pg_isready -h db -p abc", 3, "db:abc - no attempt\n"), ("pg_isready -h db -p 0", 3, "db:0 - no attempt\n"),
        ("pg_isready -d 'postgres://u@/x?host=db&port=5432'", 0, "db:5432 - accepting connections\n"),
        ("pg_isready -d 'host=db port=1' -p 5432", 2, "db:1 - no response\n"),
        ("psql -h db user extra -c q", 0, ""), ("psql -h nowhere,db -lqt", 0, ""),
        ("mongosh --nodb --eval 'print(1)'", 0, ""), ("mysql --protocol=tcp -h db", 0, ""),
        ("echo PING | redis-cli -h db", 0, "PONG\n"),
        ("printf 'ping\\necho \"a b\"\\nquit\\nping' | redis-cli -h db", 0, "PONG\na b\n"),
        ("redis-cli -h db < /dev/null", 0, ""),
    ])
    func aClientReadsItsWordsAsTheRealOneDoes(command: String, code: Int, output: String) throws {
        let result = try ScriptResult("\(command); exit $?", image: Self.image, world: Self.world)
        #expect(result.output == output)
        #expect(result.code == code)
    }

    @Test(arguments: [
        ("healthcheck.sh --connect --innodb_initialized", 1, "healthcheck connect failed\n"),
        ("healthcheck.sh --su-mysql --innodb_initialized", 1, "healthcheck innodb_initialized failed\n"),
        ("healthcheck.sh", 1, "At least one argument required\n"),
    ])
    func theProbeOfMariaDBAsksForItsServer(command: String, code: Int, errors: String) throws {
        let result = try ScriptResult("\(command); exit $?", image: "mariadb:11")
        #expect(result.errors == errors)
        #expect(result.code == code)
    }

    @Test func theProbeOfMariaDBPassesWhereItsServerIs() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: "mariadb:11")
        specification.environment = [EnvironmentVariable("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "1")]
        let handle = try tester.start(specification)
        tester.run(for: .seconds(60))
        let probe = ["healthcheck.sh", "--connect", "--innodb_initialized"]
        #expect(try tester.exec(probe, in: handle)?.exitCode == 0)
    }

    @Test(arguments: [
        ("psql --bogus", 1, "psql: unrecognized option '--bogus'\npsql: hint: Try \"psql --help\""),
        ("psql -h db -p abc", 2, "psql: error: invalid integer value \"abc\" for connection option \"port\""),
        ("psql -h db -p 99999", 2, "psql: error: invalid port number: \"99999\""),
        ("psql -h db -p 1,2", 2, "psql: error: could not match 2 port numbers to 1 hosts"),
        ("psql -h /tmp", 2, "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed"),
        ("pg_isready extra words", 3, "too many command-line arguments (first is \"extra\")"),
        ("pg_isready --bogus", 3, "pg_isready: unrecognized option '--bogus'"),
        ("pg_isready -Z", 3, "pg_isready: invalid option -- 'Z'"),
        (
            "mysqladmin ping", 1,
            "Check that mysqld is running and that the socket: '/var/run/mysqld/mysqld.sock' exists!"
        ),
        ("mysqladmin ping -S /run/s", 1, "through socket '/run/s' (2)'\nCheck that mysqld is running"),
        ("mysqladmin -h 127.0.0.1 ping", 1, "You can check this by doing 'telnet 127.0.0.1 3306'"),
        ("mysql --protocol=tcp", 1, "ERROR 2003 (HY000): Can't connect to MySQL server on 'localhost:3306' (111)"),
        ("psql -h db -p 5433", 2, "connection to server at \"db\" (10.96.7.7), port 5433 failed: Connection refused"),
        ("psql -h nowhere", 2, "could not translate host name \"nowhere\" to address"),
        ("psql", 2, "connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed"),
        ("redis-cli ping", 1, "Could not connect to Redis at 127.0.0.1:6379: Connection refused"),
        ("redis-cli -h nowhere ping", 1, "Could not connect to Redis at nowhere:6379"),
        ("mysql -h db -P 3307", 1, "ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3307' (111)"),
        ("mysql -h nowhere", 1, "ERROR 2005 (HY000): Unknown MySQL server host 'nowhere' (-2)"),
        ("mysql", 1, "ERROR 2002 (HY000)"), ("mysqladmin -h db -P 9 ping", 1, "connect to server at 'db' failed"),
        ("mongosh --host db --port 9", 1, "connect ECONNREFUSED 10.96.7.7:9"),
        ("mongosh mongodb://nowhere/", 1, "getaddrinfo ENOTFOUND nowhere"),
    ])
    func whereNobodyIsItSaysSoInItsOwnWords(command: String, code: Int, text: String) throws {
        let result = try ScriptResult("\(command); exit $?", image: Self.image, world: Self.world)
        #expect(result.errors.contains(text))
        #expect(result.code == code)
    }

    @Test func whatItAsksIsSaidNotToBeSimulated() throws {
        var tester = SandboxTester()
        tester.world = Self.world
        _ = try tester.start(sh: "psql -h db -c 'create table a()'; redis-cli -h db ping", image: Self.image)
        let note = "What psql asks its server is not simulated: it connects, and finds and changes nothing"
        #expect(tester.notes == [note])
    }

    @Test func aLoopThatWaitsForADatabaseEndsWhenItIsThere() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "until pg_isready -q -h db; do sleep 2; done", image: "postgres:16")
        tester.run(for: .seconds(5))
        #expect(tester.sandbox.isRunning(handle))
        tester.world = Self.world
        tester.run(for: .seconds(2))
        #expect(tester.exit(of: handle)?.code == 0)
    }

    @Test(arguments: [
        ("alpine:3.20", "apk add --no-cache postgresql16-client", "psql pg_isready"),
        ("alpine:3.20", "apk add -U curl jq=1.7.1-r0 bind-tools", "curl jq dig host nslookup"),
        ("alpine:3.20", "apk add --virtual .build-deps build-base", "gcc make"),
        (
            "debian:12",
            "apt-get update && apt-get install -y --no-install-recommends default-mysql-client redis-tools",
            "mysql mysqladmin redis-cli"
        ),
        ("debian:12", "apt-get install -yq procps iputils-ping netcat-openbsd python3-pip", "ps ping nc pip"),
        ("ubuntu:24.04", "apt install -y mongodb-mongosh openjdk-17-jre-headless", "mongosh java"),
        ("rockylinux:9", "dnf -y install bind-utils nmap-ncat mariadb", "dig ncat mysql"),
    ])
    func whatAPackageBringsCanBeRun(image: String, install: String, programs: String) throws {
        let find = "for p in \(programs); do command -v $p >/dev/null || echo $p; done"
        let script = "\(install) >/dev/null || exit 9; \(find)"
        let result = try ScriptResult(script, image: image)
        #expect(result.output.isEmpty)
        #expect(result.code == 0)
    }

    @Test func afterAPackageOfWhichNothingIsKnownAnyProgramMayBeThere() throws {
        let result = try ScriptResult("apk add acme-tools; acmectl; echo $?", image: "alpine:3.20")
        #expect(result.output.hasSuffix("0\n"))
        #expect(result.errors.contains("acmectl is not simulated"))
        #expect(try ScriptResult("apk add curl; acmectl; echo $?", image: "alpine:3.20").output.hasSuffix("127\n"))
    }

    @Test(arguments: [
        ("alpine:3.20", "apt-get dnf zypper"), ("debian:12", "dnf yum microdnf"), ("rockylinux:9", "apt-get apk"),
        ("debian:12", "psql mysql pg_isready mongosh"),
    ])
    func whatAnImageDoesNotBringIsNotFound(image: String, programs: String) throws {
        let result = try ScriptResult("for p in \(programs); do $p; echo $?; done", image: image)
        #expect(Set(result.output.split(separator: "\n")) == ["127"])
    }
}
