// SPDX-License-Identifier: Apache-2.0
// Reads the options in the body of a DELETE request, whose errors are worded more plainly than those of objects.

package import PodiumCodec
package import PodiumMachinery

extension RequestDecoder {
    /// Reads `body` as DeleteOptions of any API version; an empty body has none. Everything wrong is 400.
    ///
    /// Unknown fields are ignored. The result has the fields that were given, without `kind` and `apiVersion`.
    // Kubernetes: apiserver/pkg/endpoints/handlers/delete.go
    package func decodeDeleteOptions(body: [UInt8], format: BodyFormat) throws(StatusError) -> JSONValue {
        if body.isEmpty { return .emptyObject }
        let expected = GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: "DeleteOptions")
        do throws(Failure) {
            let document = try parse(body, format)
            let actual = try Self.kind(of: document.value).withDefaults(from: expected)
            guard actual.kind == expected.kind, actual.groupVersion == expected.groupVersion || registry.knows(actual)
            else {
                let scheme = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
                throw Failure(message: Self.notRegistered(actual, scheme))
            }
            return try options(document.value)
        } catch {
            throw .badRequest(error.message)
        }
    }

    private func options(_ value: JSONValue) throws(Failure) -> JSONValue {
        let name = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
        guard let schema = registry.schema(named: name) else { return value }
        do throws(DecodingError) {
            var options = try SchemaDecoder.decode(value, as: schema).value
            options["kind"] = nil
            options["apiVersion"] = nil
            return options
        } catch {
            throw Failure(message: error.message)
        }
    }
}
