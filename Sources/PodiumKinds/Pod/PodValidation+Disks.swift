// SPDX-License-Identifier: Apache-2.0
// Rules of volumes that are disks and file systems of somewhere else.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func emptyDirErrors(_ source: PodField) -> [FieldError] {
        guard let limit = source["sizeLimit"].quantity, limit.sign < 0 else { return [] }
        return [source["sizeLimit"].forbidden("SizeLimit field must be a valid resource quantity")]
    }

    func hostPathErrors(_ source: PodField) -> [FieldError] {
        let path = source["path"]
        if path.text.isEmpty { return [path.required()] }
        let types = [
            "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
        ]
        return path.noBackstepsErrors + (source["type"].isSet ? source["type"].oneOf(types) : [])
    }

    func gitRepoErrors(_ source: PodField) -> [FieldError] {
        let repository = source["repository"]
        return (repository.text.isEmpty ? [repository.required()] : []) + source["directory"].descendingPathErrors
    }

    func partitionedDiskErrors(_ name: String) -> (PodField) -> [FieldError] {
        { source in
            let partition = source["partition"]
            var errors = source[name].text.isEmpty ? [source[name].required()] : []
            // Upstream's text says 1, and 0 is let in: it means the whole disk.
            if !(0...255).contains(partition.integer) {
                errors.append(partition.invalidNumber(NameValidation.range(1, 255)))
            }
            return errors
        }
    }

    func nfsErrors(_ source: PodField) -> [FieldError] {
        let path = source["path"]
        var errors = ["server", "path"].filter { source[$0].text.isEmpty }.map { source[$0].required() }
        if path.text.utf8.first != UInt8(ascii: "/") { errors.append(path.invalid("must be an absolute path")) }
        return errors
    }

    func iscsiErrors(_ source: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let name = source["iqn"]
        if source["targetPortal"].text.isEmpty { errors.append(source["targetPortal"].required()) }
        errors += name.text.isEmpty ? [name.required()] : qualifiedDeviceNameErrors(name)
        errors += source["lun"].rangeErrors(0, 255)
        if source["chapAuthDiscovery"].flag || source["chapAuthSession"].flag, !source["secretRef"].isSet {
            errors.append(source["secretRef"].required())
        }
        let initiator = source["initiatorName"]
        if initiator.isSet {
            errors += qualifiedDeviceNameErrors(initiator.placed(at: source.path.child("initiatorname")))
        }
        return errors
    }

    private func qualifiedDeviceNameErrors(_ name: PodField) -> [FieldError] {
        let text = name.text
        let isGood: Bool
        if text.hasPrefix("iqn") {
            isGood = text.contains(#/iqn\.[0-9]{4}-[0-9]{2}\.([A-Za-z0-9.\-]+)(:[^,;*&$|\s]+)$/#)
        } else if text.hasPrefix("eui") {
            isGood = text.wholeMatch(of: #/eui.[A-Za-z0-9]{16}/#) != nil
        } else if text.hasPrefix("naa") {
            isGood = text.wholeMatch(of: #/naa.[A-Za-z0-9]{32}/#) != nil
        } else {
            return [name.invalid("must be valid format starting with iqn, eui, or naa")]
        }
        return isGood ? [] : [name.invalid("must be valid format")]
    }

    func flockerErrors(_ source: PodField) -> [FieldError] {
        let name = source["datasetName"]
        let isNamed = [!name.text.isEmpty, !source["datasetUUID"].text.isEmpty]
        var errors: [FieldError] = []
        if isNamed == [false, false] {
            errors.append(source.required("one of datasetName and datasetUUID is required"))
        } else if isNamed == [true, true] {
            let text = "datasetName and datasetUUID can not be specified simultaneously"
            errors.append(.invalid(source.path, "resource", text))
        }
        if name.text.contains("/") { errors.append(name.invalid("must not contain '/'")) }
        return errors
    }

    func cinderErrors(_ source: PodField) -> [FieldError] {
        (source["volumeID"].text.isEmpty ? [source["volumeID"].required()] : []) + secretReferenceErrors(source)
    }

    private func secretReferenceErrors(_ source: PodField) -> [FieldError] {
        let name = source["secretRef"]["name"]
        return source["secretRef"].isSet && name.text.isEmpty ? [name.required()] : []
    }

    func quobyteErrors(_ source: PodField) -> [FieldError] {
        let registry = source["registry"]
        let text = "must be a host:port pair or multiple pairs separated by commas"
        var errors: [FieldError] = []
        if registry.text.isEmpty {
            errors.append(registry.required(text))
        } else if source["tenant"].text.utf8.count >= 65 {
            errors.append(source["tenant"].required("must be a UUID and may not exceed a length of 64 characters"))
        } else {
            let pairs = registry.text.split(separator: ",", omittingEmptySubsequences: false)
            errors += pairs.filter { !isHostAndPort($0) }.map { _ in registry.invalid(text) }
        }
        if source["volume"].text.isEmpty { errors.append(source["volume"].required()) }
        return errors
    }

    /// `host:port` or `[host]:port`.
    private func isHostAndPort(_ text: Substring) -> Bool {
        guard let colon = text.lastIndex(of: ":") else { return false }
        let host = text[..<colon]
        let hasBrackets = host.hasPrefix("[") && host.hasSuffix("]")
        return hasBrackets || !host.contains(where: { $0 == ":" || $0 == "[" || $0 == "]" })
    }

    func fibreChannelErrors(_ source: PodField) -> [FieldError] {
        let targets = source["targetWWNs"]
        let lun = source["lun"]
        var errors: [FieldError] = []
        if targets.count == 0, source["wwids"].count == 0 {
            errors.append(targets.required("must specify either targetWWNs or wwids, but not both"))
        }
        guard targets.count > 0 else { return errors }
        if source["wwids"].count > 0 {
            errors.append(targets.invalid("targetWWNs and wwids can not be specified simultaneously"))
        }
        if !lun.isSet { return errors + [lun.required("lun is required if targetWWNs is specified")] }
        return errors + lun.rangeErrors(0, 255)
    }

    func flexErrors(_ source: PodField) -> [FieldError] {
        var errors = source["driver"].text.isEmpty ? [source["driver"].required()] : []
        for (key, field) in source["options"].entries {
            let domain = "." + (key.split(separator: "/", omittingEmptySubsequences: false).first ?? "").lowercased()
            if domain.hasSuffix(".kubernetes.io") || domain.hasSuffix(".k8s.io") {
                let text = "kubernetes.io and k8s.io namespaces are reserved"
                errors.append(.invalid(field.path, .string(key), text))
            }
        }
        return errors
    }

    func azureDiskErrors(_ source: PodField) -> [FieldError] {
        let uri = source["diskURI"]
        let kind = source["kind"]
        var errors = ["diskName", "diskURI"].filter { source[$0].text.isEmpty }.map { source[$0].required() }
        if source["cachingMode"].isSet { errors += source["cachingMode"].oneOf(["None", "ReadOnly", "ReadWrite"]) }
        guard kind.isSet else { return errors }
        errors += kind.oneOf(["Dedicated", "Managed", "Shared"])
        if kind.text == "Managed", !uri.text.hasPrefix("/subscriptions/") {
            let form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
            errors.append(uri.notSupported([form]))
        }
        if kind.text != "Managed", !uri.text.hasPrefix("https://") {
            let form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
            errors.append(uri.notSupported([form]))
        }
        return errors
    }

    func storageOSErrors(_ source: PodField) -> [FieldError] {
        let name = source["volumeName"]
        let namespace = source["volumeNamespace"]
        return (name.text.isEmpty ? [name.required()] : name.dnsLabelErrors)
            + (namespace.text.isEmpty ? [] : namespace.dnsLabelErrors)
            + secretReferenceErrors(source)
    }

    func csiErrors(_ source: PodField) -> [FieldError] {
        let driver = source["driver"]
        var errors = driver.text.isEmpty ? [driver.required()] : []
        if driver.text.utf8.count > 63 { errors.append(driver.tooLong(maximum: 63)) }
        if !driver.text.isEmpty {
            errors += driver.invalid(each: NameValidation.dns1123Subdomain(driver.text.lowercased()))
        }
        guard source["nodePublishSecretRef"].isSet else { return errors }
        let secret = source["nodePublishSecretRef"]["name"]
        if secret.text.isEmpty { return errors + [secret.required()] }
        return errors + secret.placed(at: source.path.child("name")).dnsSubdomainErrors
    }

    func imageVolumeErrors(_ source: PodField) -> [FieldError] {
        let reference = source["reference"]
        return (options.isPod && reference.text.isEmpty ? [reference.required()] : [])
            + choiceErrors(source["pullPolicy"], ["Always", "IfNotPresent", "Never"])
    }
}
