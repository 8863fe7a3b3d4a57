// swift-tools-version: 6.2
// The targets of Podium, bottom-up. A target may import only what stands above it here; the build checks it.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func testing(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency], data: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, exclude: data, swiftSettings: settings)
}

let package = Package(
    name: "podium",
    products: [
        .executable(name: "podium", targets: ["PodiumCLI"]),
        .library(name: "Podium", targets: ["Podium"]),
        .library(name: "PodiumTestKit", targets: ["PodiumTestKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CMicroHTTPD",
            pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]
        ),
        // Not by way of Yams, which brings all of Foundation with the data of its languages: 45 MB, and a sixth of the
        // time to the first answer.
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CPodiumData"),
        .target(
            name: "CPodiumHTTP",
            dependencies: ["CMicroHTTPD"],
            linkerSettings: [.linkedLibrary("nettle"), .linkedLibrary("z")]
        ),
        .target(name: "CPodiumProcess"),
        // Of libraries that libmicrohttpd loads anyway.
        .target(
            name: "CPodiumKeys",
            linkerSettings: [.linkedLibrary("hogweed"), .linkedLibrary("nettle"), .linkedLibrary("gmp")]
        ),
        module("PodiumCodec", ["CYAML"]),
        module("PodiumMachinery", ["PodiumCodec"]),
        module("PodiumHost", ["PodiumMachinery", logging, heap, deque]),
        module("PodiumExchange", ["PodiumCodec"]),
        module("PodiumSchema", ["CPodiumData", "PodiumCodec", "PodiumMachinery", collections]),
        module("PodiumStorage", ["PodiumCodec", "PodiumMachinery", "PodiumHost", deque, heap]),
        module("PodiumPodModel", ["PodiumCodec", "PodiumMachinery", collections]),
        module(
            "PodiumRegistry",
            ["PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumSchema", "PodiumStorage"]
        ),
        module(
            "PodiumKinds",
            [
                "CPodiumData", "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumSchema", "PodiumStorage",
                "PodiumPodModel", "PodiumRegistry", collections,
            ]
        ),
        module(
            "PodiumAPIServer",
            [
                "CPodiumData", "CPodiumKeys", "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumExchange",
                "PodiumSchema", "PodiumStorage", "PodiumPodModel", "PodiumRegistry", "PodiumKinds", collections,
            ]
        ),
        module(
            "PodiumClient",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumRegistry",
                "PodiumKinds", collections, deque, heap, logging,
            ]
        ),
        module(
            "PodiumControllers",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumRegistry",
                "PodiumKinds", "PodiumClient", collections,
            ]
        ),
        module(
            "PodiumScheduler",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumClient",
                collections, deque, heap, logging,
            ]
        ),
        module("PodiumRuntime", ["CPodiumData", "PodiumCodec", "PodiumMachinery", "PodiumPodModel", collections]),
        module("PodiumShell", ["PodiumCodec", "PodiumMachinery", "PodiumRuntime", collections]),
        module(
            "PodiumKubelet",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumRegistry",
                "PodiumClient", "PodiumRuntime", collections, deque, logging,
            ]
        ),
        module(
            "PodiumHTTP",
            ["CMicroHTTPD", "CPodiumHTTP", "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumExchange", logging]
        ),
        module(
            "Podium",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumExchange", "PodiumSchema", "PodiumStorage",
                "PodiumPodModel", "PodiumRegistry", "PodiumKinds", "PodiumAPIServer", "PodiumClient",
                "PodiumControllers",
                "PodiumScheduler", "PodiumRuntime", "PodiumShell", "PodiumKubelet", "PodiumHTTP", logging,
            ]
        ),
        module(
            "PodiumTestKit",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumSchema", "PodiumStorage", "PodiumRegistry",
                "PodiumKinds", "PodiumAPIServer", "PodiumClient", logging,
            ]
        ),
        .executableTarget(
            name: "PodiumCLI",
            dependencies: [
                "CPodiumProcess", "Podium", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        tests(of: "PodiumTidy", []),
        tests(of: "PodiumCodec", ["PodiumCodec"]),
        tests(of: "PodiumHost", ["PodiumMachinery", "PodiumHost"]),
        tests(
            of: "PodiumStorage",
            ["PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", logging]
        ),
        tests(of: "PodiumMachinery", ["PodiumCodec", "PodiumMachinery"]),
        tests(of: "PodiumPodModel", ["PodiumCodec", "PodiumMachinery", "PodiumPodModel", collections]),
        tests(of: "PodiumSchema", ["CPodiumData", "PodiumCodec", "PodiumMachinery", "PodiumSchema"]),
        tests(
            of: "PodiumRegistry",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumRegistry", "PodiumKinds",
                "PodiumClient", "PodiumTestKit",
            ]
        ),
        // Pods and other objects for the tests of kinds and of what admits them.
        testing(
            "PodiumKindTesting",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumRegistry", "PodiumKinds",
                "PodiumTestKit",
            ]
        ),
        tests(
            of: "PodiumKinds",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel",
                "PodiumRegistry", "PodiumKinds", "PodiumAPIServer", "PodiumTestKit", "PodiumKindTesting", collections,
            ]
        ),
        tests(
            of: "PodiumClient",
            ["PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumClient", "PodiumTestKit"]
        ),
        tests(
            of: "PodiumAPIServer",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumExchange", "PodiumSchema", "PodiumStorage",
                "PodiumRegistry", "PodiumKinds", "PodiumAPIServer", "PodiumClient", "PodiumTestKit",
                "PodiumKindTesting", logging,
            ]
        ),
        tests(
            of: "PodiumScheduler",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumRegistry", "PodiumKinds",
                "PodiumClient", "PodiumScheduler",
                collections, "PodiumTestKit",
            ]
        ),
        tests(
            of: "PodiumControllers",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumClient",
                "PodiumControllers", "PodiumTestKit", collections,
            ]
        ),
        tests(
            of: "PodiumKubelet",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumPodModel", "PodiumClient",
                "PodiumRuntime", "PodiumShell", "PodiumKubelet", "PodiumTestKit",
            ]
        ),
        // Runs containers for the tests of the machine and of what runs in it.
        testing("PodiumSandboxTesting", ["PodiumMachinery", "PodiumRuntime", "PodiumShell"]),
        tests(
            of: "PodiumRuntime",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumPodModel", "PodiumRuntime", "PodiumShell",
                "PodiumSandboxTesting",
            ]
        ),
        tests(
            of: "PodiumShell",
            ["PodiumMachinery", "PodiumRuntime", "PodiumShell", "PodiumSandboxTesting"],
            data: ["Cases"]
        ),
        tests(
            of: "Podium",
            [
                "PodiumCodec", "PodiumMachinery", "PodiumHost", "PodiumStorage", "PodiumRegistry", "PodiumClient",
                "PodiumControllers", "PodiumRuntime", "PodiumShell", "PodiumKubelet", "Podium", "PodiumTestKit",
            ]
        ),
        tests(of: "PodiumHTTP", ["CPodiumHTTP", "PodiumCodec", "PodiumExchange", "PodiumHTTP", logging]),
    ]
)
