// SPDX-License-Identifier: Apache-2.0
// Well-known images: what they run when nothing else is said.

/// What a well-known image runs.
struct KnownImage: Sendable {
    var entryPoint: [String]
    var defaults: [String] = []
    var stopSignal = Signal.terminate
    var workingDirectory = "/"
    var files: [String: String] = [:]

    init(
        _ entryPoint: [String],
        _ defaults: [String] = [],
        stopSignal: Signal = .terminate,
        in workingDirectory: String = "/",
        files: [String: String] = [:]
    ) {
        self.entryPoint = entryPoint
        self.defaults = defaults
        self.stopSignal = stopSignal
        self.workingDirectory = workingDirectory
        self.files = files
    }
}

/// Images by the last component of their names.
enum ImageCatalogue {
    private static let nginxPage = """
        <!DOCTYPE html>
        <html>
        <head>
        <title>Welcome to nginx!</title>
        </head>
        <body>
        <h1>Welcome to nginx!</h1>
        </body>
        </html>

        """

    private static let nginx = KnownImage(
        ["/docker-entrypoint.sh"],
        ["nginx", "-g", "daemon off;"],
        stopSignal: .quit,
        files: [
            "usr/share/nginx/html/index.html": nginxPage,
            "usr/share/nginx/html/50x.html": nginxPage,
            "etc/nginx/nginx.conf": "events {}\nhttp { server { listen 80; } }\n",
        ]
    )

    /// Everything that is known.
    static let servers: [String: KnownImage] = [
        "nginx": nginx,
        "nginx-unprivileged": nginx,
        "httpd": KnownImage(
            ["httpd-foreground"],
            stopSignal: Signal(name: "WINCH") ?? .terminate,
            in: "/usr/local/apache2",
            files: ["usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n"]
        ),
        "agnhost": KnownImage(["/agnhost"], ["pause"]),
        "pause": KnownImage(["/pause"]),
        "redis": KnownImage(["docker-entrypoint.sh"], ["redis-server"], in: "/data"),
        "valkey": KnownImage(["docker-entrypoint.sh"], ["redis-server"], in: "/data"),
        "postgres": KnownImage(["docker-entrypoint.sh"], ["postgres"], stopSignal: .interrupt),
        "mysql": KnownImage(["docker-entrypoint.sh"], ["mysqld"]),
        "mariadb": KnownImage(["docker-entrypoint.sh"], ["mariadbd"]),
        "mongo": KnownImage(["docker-entrypoint.sh"], ["mongod"]),
        "memcached": KnownImage(["docker-entrypoint.sh"], ["memcached"]),
        "stress": KnownImage([], ["stress"]),
        "hello-world": KnownImage(["/hello"]),
        "hello-app": KnownImage(["serve-hostname", "--port=8080"]),
        "node-hello": KnownImage(["serve-hostname", "--port=8080"]),
        "echoserver": KnownImage(["serve-hostname", "--port=8080"]),
        "kubernetes-bootcamp": KnownImage(["serve-hostname", "--port=8080"]),
        "serve_hostname": KnownImage(["serve-hostname"]),
        "perl": KnownImage([], ["perl", "-de0"]),
        "python": KnownImage([], ["python3"]),
        "node": KnownImage(["docker-entrypoint.sh"], ["node"]),
        "ruby": KnownImage([], ["irb"]),
        "golang": KnownImage([], ["bash"], in: "/go"),
        "curl": KnownImage(["/entrypoint.sh"], ["curl"]),
    ]
}
