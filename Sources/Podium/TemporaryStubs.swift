import PodiumAPIServer
import PodiumStorage

struct Access {
    let authenticator: any Authenticator = AnonymousAuthenticator(); let authorizer: any Authorizer = AlwaysAllow()
    init(_ c: ClusterConfiguration, storage: any Storage) {}
}
