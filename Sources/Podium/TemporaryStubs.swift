import PodiumAPIServer
import PodiumController
import PodiumMachinery
import PodiumStorage
struct NodePower { enum State: String { case on, unreachable, off, restart }
  let state: State; let podPhaseUnknown: Bool }
final class ControllerSet: Sendable {
  let logs: any ContainerLogSource = NoContainerLogs()
  init(client: ResourceClient, nodes: Int, registry: ResourceRegistry) {}
  func start() {}
  func stop() {}
  func setPower(_ p: NodePower, of node: String) {}
}
struct Access { let authenticator: any Authenticator = AnonymousAuthenticator(); let authorizer: any Authorizer = AlwaysAllow()
  init(_ c: ClusterConfiguration, storage: any Storage) {} }
