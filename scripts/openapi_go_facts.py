# SPDX-License-Identifier: Apache-2.0
"""What the API documents do not say about the Go types behind them, for scripts/generate-openapi.

Types are written without their common prefix: `core.v1.Pod`, `meta.v1.ObjectMeta`, `apiextensions.v1.JSONSchemaProps`.
"""

# Optional scalars that are pointers in Go: an explicit zero value survives, an absent one stays absent.
POINTERS = """
admissionregistration.v1.MatchResources: matchPolicy
admissionregistration.v1.MutatingAdmissionPolicySpec: failurePolicy
admissionregistration.v1.MutatingWebhook: failurePolicy matchPolicy reinvocationPolicy timeoutSeconds
admissionregistration.v1.NamedRuleWithOperations: scope
admissionregistration.v1.ParamRef: parameterNotFoundAction
admissionregistration.v1.RuleWithOperations: scope
admissionregistration.v1.ServiceReference: path port
admissionregistration.v1.ValidatingAdmissionPolicySpec: failurePolicy
admissionregistration.v1.ValidatingWebhook: failurePolicy matchPolicy timeoutSeconds
admissionregistration.v1.Validation: reason
admissionregistration.v1.WebhookClientConfig: url
apiextensions.v1.CustomResourceDefinitionVersion: deprecationWarning
apiextensions.v1.CustomResourceSubresourceScale: labelSelectorPath
apiextensions.v1.JSONSchemaProps: $ref maximum minimum maxLength minLength maxItems minItems multipleOf maxProperties
apiextensions.v1.JSONSchemaProps: minProperties x-kubernetes-preserve-unknown-fields x-kubernetes-list-type
apiextensions.v1.JSONSchemaProps: x-kubernetes-map-type
apiextensions.v1.ServiceReference: path port
apiextensions.v1.ValidationRule: reason optionalOldSelf
apiextensions.v1.WebhookClientConfig: url
apiregistration.v1.ServiceReference: port
apps.v1.DaemonSetSpec: revisionHistoryLimit
apps.v1.DaemonSetStatus: collisionCount
apps.v1.DeploymentSpec: replicas revisionHistoryLimit progressDeadlineSeconds
apps.v1.DeploymentStatus: collisionCount terminatingReplicas
apps.v1.ReplicaSetSpec: replicas
apps.v1.ReplicaSetStatus: terminatingReplicas
apps.v1.RollingUpdateStatefulSetStrategy: partition
apps.v1.StatefulSetSpec: replicas revisionHistoryLimit
apps.v1.StatefulSetStatus: collisionCount
autoscaling.v1.HorizontalPodAutoscalerSpec: minReplicas targetCPUUtilizationPercentage
autoscaling.v1.HorizontalPodAutoscalerStatus: observedGeneration currentCPUUtilizationPercentage
autoscaling.v2.HPAScalingRules: selectPolicy stabilizationWindowSeconds
autoscaling.v2.HorizontalPodAutoscalerSpec: minReplicas
autoscaling.v2.HorizontalPodAutoscalerStatus: observedGeneration
autoscaling.v2.MetricTarget: averageUtilization
autoscaling.v2.MetricValueStatus: averageUtilization
batch.v1.CronJobSpec: timeZone startingDeadlineSeconds suspend successfulJobsHistoryLimit failedJobsHistoryLimit
batch.v1.JobSpec: parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex maxFailedIndexes
batch.v1.JobSpec: manualSelector ttlSecondsAfterFinished completionMode suspend podReplacementPolicy managedBy
batch.v1.JobStatus: terminating ready failedIndexes
batch.v1.PodFailurePolicyOnExitCodesRequirement: containerName
batch.v1.SuccessPolicyRule: succeededIndexes succeededCount
certificates.v1.CertificateSigningRequestSpec: expirationSeconds
coordination.v1.LeaseSpec: holderIdentity leaseDurationSeconds leaseTransitions preferredHolder strategy
core.v1.AppArmorProfile: localhostProfile
core.v1.AzureDiskVolumeSource: cachingMode fsType kind readOnly
core.v1.AzureFilePersistentVolumeSource: secretNamespace
core.v1.CSIVolumeSource: fsType readOnly
core.v1.ClientIPConfig: timeoutSeconds
core.v1.ClusterTrustBundleProjection: name signerName optional
core.v1.ConfigMap: immutable
core.v1.ConfigMapEnvSource: optional
core.v1.ConfigMapKeySelector: optional
core.v1.ConfigMapProjection: optional
core.v1.ConfigMapVolumeSource: defaultMode optional
core.v1.Container: restartPolicy
core.v1.ContainerStatus: started stopSignal
core.v1.DownwardAPIVolumeFile: mode
core.v1.DownwardAPIVolumeSource: defaultMode
core.v1.EndpointAddress: nodeName
core.v1.EndpointPort: appProtocol
core.v1.EphemeralContainer: restartPolicy
core.v1.FCVolumeSource: lun
core.v1.FileKeySelector: optional
core.v1.GlusterfsPersistentVolumeSource: endpointsNamespace
core.v1.HostPathVolumeSource: type
core.v1.ISCSIPersistentVolumeSource: initiatorName
core.v1.ISCSIVolumeSource: initiatorName
core.v1.KeyToPath: mode
core.v1.Lifecycle: stopSignal
core.v1.LoadBalancerIngress: ipMode
core.v1.LocalVolumeSource: fsType
core.v1.NodeFeatures: supplementalGroupsPolicy
core.v1.NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts userNamespaces
core.v1.NodeSwapStatus: capacity
core.v1.PersistentVolumeClaimSpec: storageClassName volumeMode volumeAttributesClassName
core.v1.PersistentVolumeClaimStatus: currentVolumeAttributesClassName
core.v1.PersistentVolumeSpec: volumeMode volumeAttributesClassName
core.v1.PodCertificateProjection: maxExpirationSeconds
core.v1.PodDNSConfigOption: value
core.v1.PodResourceClaim: resourceClaimName resourceClaimTemplateName
core.v1.PodResourceClaimStatus: resourceClaimName
core.v1.PodSchedulingGroup: podGroupName
core.v1.PodSecurityContext: fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy
core.v1.PodSecurityContext: supplementalGroupsPolicy
core.v1.PodSpec: activeDeadlineSeconds automountServiceAccountToken enableServiceLinks hostUsers hostnameOverride
core.v1.PodSpec: preemptionPolicy priority runtimeClassName setHostnameAsFQDN shareProcessNamespace
core.v1.PodSpec: terminationGracePeriodSeconds
core.v1.PortStatus: error
core.v1.Probe: terminationGracePeriodSeconds
core.v1.ProjectedVolumeSource: defaultMode
core.v1.ReplicationControllerSpec: replicas
core.v1.ResourceHealth: message
core.v1.SeccompProfile: localhostProfile
core.v1.Secret: immutable
core.v1.SecretEnvSource: optional
core.v1.SecretKeySelector: optional
core.v1.SecretProjection: optional
core.v1.SecretVolumeSource: defaultMode optional
core.v1.SecurityContext: allowPrivilegeEscalation privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot
core.v1.SecurityContext: runAsUser
core.v1.ServiceAccount: automountServiceAccountToken
core.v1.ServiceAccountTokenProjection: expirationSeconds
core.v1.ServicePort: appProtocol
core.v1.ServiceSpec: allocateLoadBalancerNodePorts internalTrafficPolicy ipFamilyPolicy loadBalancerClass
core.v1.ServiceSpec: trafficDistribution
core.v1.Toleration: tolerationSeconds
core.v1.TopologySpreadConstraint: minDomains nodeAffinityPolicy nodeTaintsPolicy
core.v1.TypedObjectReference: namespace
core.v1.VolumeMount: mountPropagation recursiveReadOnly
core.v1.VolumeMountStatus: recursiveReadOnly
core.v1.WindowsSecurityContextOptions: gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName
discovery.v1.Endpoint: hostname nodeName zone
discovery.v1.EndpointConditions: ready serving terminating
discovery.v1.EndpointPort: appProtocol name port protocol
flowcontrol.v1.ExemptPriorityLevelConfiguration: lendablePercent nominalConcurrencyShares
flowcontrol.v1.LimitedPriorityLevelConfiguration: borrowingLimitPercent lendablePercent nominalConcurrencyShares
meta.v1.DeleteOptions: gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents
meta.v1.DeleteOptions: propagationPolicy
meta.v1.ListMeta: remainingItemCount
meta.v1.ObjectMeta: deletionGracePeriodSeconds
meta.v1.OwnerReference: blockOwnerDeletion controller
meta.v1.Preconditions: resourceVersion uid
networking.v1.IngressClassParametersReference: apiGroup namespace scope
networking.v1.IngressPortStatus: error
networking.v1.IngressSpec: ingressClassName
networking.v1.NetworkPolicyPort: endPort protocol
policy.v1.PodDisruptionBudgetSpec: unhealthyPodEvictionPolicy
resource.v1.AllocatedDeviceStatus: shareID
resource.v1.Device: allNodes allowMultipleAllocations bindsToNode nodeName
resource.v1.DeviceAttribute: bool int string version
resource.v1.DeviceClassSpec: extendedResourceName
resource.v1.DeviceConstraint: distinctAttribute matchAttribute
resource.v1.DeviceRequestAllocationResult: adminAccess shareID
resource.v1.DeviceToleration: tolerationSeconds
resource.v1.ExactDeviceRequest: adminAccess
resource.v1.NodeAllocatableResourceMapping: capacityKey
resource.v1.ResourceSliceSpec: allNodes nodeName perDeviceNodeSelection
scheduling.v1.PriorityClass: preemptionPolicy
storage.v1.CSIDriverSpec: attachRequired fsGroupPolicy nodeAllocatableUpdatePeriodSeconds podInfoOnMount
storage.v1.CSIDriverSpec: preventPodSchedulingIfMissing requiresRepublish seLinuxMount serviceAccountTokenInSecrets
storage.v1.CSIDriverSpec: storageCapacity
storage.v1.StorageClass: allowVolumeExpansion reclaimPolicy volumeBindingMode
storage.v1.TokenRequest: expirationSeconds
storage.v1.VolumeAttachmentSource: persistentVolumeName
storage.v1.VolumeError: errorCode
storage.v1.VolumeNodeResources: count
"""

# Pointers that are written as null when they are nil.
NULL_POINTERS = """
admissionregistration.v1.MutatingWebhook: sideEffects
admissionregistration.v1.ValidatingWebhook: sideEffects
apps.v1.DaemonSetSpec: selector
apps.v1.DeploymentSpec: selector
apps.v1.StatefulSetSpec: selector
apps.v1.ReplicaSetSpec: selector
authentication.v1.TokenRequestSpec: boundObjectRef expirationSeconds
core.v1.ScaleIOPersistentVolumeSource: secretRef
core.v1.ScaleIOVolumeSource: secretRef
core.v1.TypedLocalObjectReference: apiGroup
core.v1.TypedObjectReference: apiGroup
networking.v1.HTTPIngressPath: pathType
"""

# Scalars with a default that equals the zero value and is left out when it is empty.
OMITTED_DEFAULTS = """
autoscaling.v1.ScaleSpec: replicas
core.v1.ConfigMapEnvSource: name
core.v1.ConfigMapKeySelector: name
core.v1.ConfigMapProjection: name
core.v1.ConfigMapVolumeSource: name
core.v1.LocalObjectReference: name
core.v1.ReplicationControllerSpec: minReadySeconds
core.v1.SecretEnvSource: name
core.v1.SecretKeySelector: name
core.v1.SecretProjection: name
"""

# Optional lists that are written as null when they are empty (required ones always are).
NULL_LISTS = """
apiextensions.v1.CustomResourceDefinitionStatus: conditions storedVersions
authentication.v1.TokenRequestSpec: audiences
autoscaling.v2.HorizontalPodAutoscalerStatus: currentMetrics
core.v1.ContainerImage: names
core.v1.ProjectedVolumeSource: sources
discovery.v1.EndpointSlice: endpoints ports
rbac.v1.ClusterRole: rules
rbac.v1.Role: rules
"""

# Time, quantity and the like that are pointers; the others are values, written even when they are zero.
POINTER_LEAVES = """
autoscaling.v1.HorizontalPodAutoscalerStatus: lastScaleTime
autoscaling.v2.HorizontalPodAutoscalerStatus: lastScaleTime
autoscaling.v2.HPAScalingRules: tolerance
autoscaling.v2.MetricTarget: averageValue value
autoscaling.v2.MetricValueStatus: averageValue value
apiextensions.v1.JSONSchemaProps: additionalItems additionalProperties default example items
apps.v1.RollingUpdateDaemonSet: maxSurge maxUnavailable
apps.v1.RollingUpdateDeployment: maxSurge maxUnavailable
apps.v1.RollingUpdateStatefulSetStrategy: maxUnavailable
batch.v1.CronJobStatus: lastScheduleTime lastSuccessfulTime
batch.v1.JobStatus: completionTime startTime
coordination.v1.LeaseSpec: acquireTime renewTime
core.v1.EmptyDirVolumeSource: sizeLimit
core.v1.PersistentVolumeStatus: lastPhaseTransitionTime
core.v1.PodStatus: startTime
core.v1.Taint: timeAdded
meta.v1.ManagedFieldsEntry: fieldsV1 time
meta.v1.ObjectMeta: deletionTimestamp
networking.v1.NetworkPolicyPort: port
policy.v1.PodDisruptionBudgetSpec: maxUnavailable minAvailable
resource.v1.AllocatedDeviceStatus: data
resource.v1.AllocationResult: allocationTimestamp
resource.v1.CapacityRequestPolicy: default
resource.v1.CapacityRequestPolicyRange: max min step
resource.v1.DeviceTaint: timeAdded
resource.v1.NodeAllocatableResourceMapping: allocationMultiplier
storage.v1.CSIStorageCapacity: capacity maximumVolumeSize
"""

# Values that are left out when they are zero (`omitzero`).
OMITTED_VALUES = """
meta.v1.ObjectMeta: creationTimestamp
"""

# Named Go types of strings, lists and maps, as error texts print them: `Type: field=GoType`.
GO_TYPES = """
admissionregistration.v1.MatchResources: matchPolicy=v1.MatchPolicyType
admissionregistration.v1.MutatingAdmissionPolicySpec: failurePolicy=v1.FailurePolicyType
admissionregistration.v1.MutatingAdmissionPolicySpec: reinvocationPolicy=v1.ReinvocationPolicyType
admissionregistration.v1.MutatingWebhook: failurePolicy=v1.FailurePolicyType matchPolicy=v1.MatchPolicyType
admissionregistration.v1.MutatingWebhook: reinvocationPolicy=v1.ReinvocationPolicyType sideEffects=v1.SideEffectClass
admissionregistration.v1.Mutation: patchType=v1.PatchType
admissionregistration.v1.NamedRuleWithOperations: scope=v1.ScopeType operations=v1.OperationType
admissionregistration.v1.ParamRef: parameterNotFoundAction=v1.ParameterNotFoundActionType
admissionregistration.v1.RuleWithOperations: scope=v1.ScopeType operations=v1.OperationType
admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec: validationActions=v1.ValidationAction
admissionregistration.v1.ValidatingAdmissionPolicySpec: failurePolicy=v1.FailurePolicyType
admissionregistration.v1.ValidatingWebhook: failurePolicy=v1.FailurePolicyType matchPolicy=v1.MatchPolicyType
admissionregistration.v1.ValidatingWebhook: sideEffects=v1.SideEffectClass
admissionregistration.v1.Validation: reason=v1.StatusReason
apiextensions.v1.CustomResourceConversion: strategy=v1.ConversionStrategyType
apiextensions.v1.CustomResourceDefinitionCondition: type=v1.CustomResourceDefinitionConditionType
apiextensions.v1.CustomResourceDefinitionCondition: status=v1.ConditionStatus
apiextensions.v1.CustomResourceDefinitionSpec: scope=v1.ResourceScope
apiextensions.v1.JSONSchemaProps: definitions=v1.JSONSchemaDefinitions dependencies=v1.JSONSchemaDependencies
apiextensions.v1.JSONSchemaProps: $schema=v1.JSONSchemaURL
apiextensions.v1.ValidationRule: reason=v1.FieldValueErrorReason
apiregistration.v1.APIServiceCondition: type=v1.APIServiceConditionType status=v1.ConditionStatus
apps.v1.DaemonSetCondition: type=v1.DaemonSetConditionType status=v1.ConditionStatus
apps.v1.DaemonSetUpdateStrategy: type=v1.DaemonSetUpdateStrategyType
apps.v1.DeploymentCondition: type=v1.DeploymentConditionType status=v1.ConditionStatus
apps.v1.DeploymentStrategy: type=v1.DeploymentStrategyType
apps.v1.ReplicaSetCondition: type=v1.ReplicaSetConditionType status=v1.ConditionStatus
apps.v1.StatefulSetCondition: type=v1.StatefulSetConditionType status=v1.ConditionStatus
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted=v1.PersistentVolumeClaimRetentionPolicyType
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy: whenScaled=v1.PersistentVolumeClaimRetentionPolicyType
apps.v1.StatefulSetSpec: podManagementPolicy=v1.PodManagementPolicyType
apps.v1.StatefulSetUpdateStrategy: type=v1.StatefulSetUpdateStrategyType
authentication.v1.BoundObjectReference: uid=types.UID
authentication.v1.UserInfo: extra=v1.ExtraValue
authorization.v1.SubjectAccessReviewSpec: extra=v1.ExtraValue
autoscaling.v2.ContainerResourceMetricSource: name=v1.ResourceName
autoscaling.v2.ContainerResourceMetricStatus: name=v1.ResourceName
autoscaling.v2.HPAScalingPolicy: type=v2.HPAScalingPolicyType
autoscaling.v2.HPAScalingRules: selectPolicy=v2.ScalingPolicySelect
autoscaling.v2.HorizontalPodAutoscalerCondition: type=v2.HorizontalPodAutoscalerConditionType status=v1.ConditionStatus
autoscaling.v2.MetricSpec: type=v2.MetricSourceType
autoscaling.v2.MetricStatus: type=v2.MetricSourceType
autoscaling.v2.MetricTarget: type=v2.MetricTargetType
autoscaling.v2.ResourceMetricSource: name=v1.ResourceName
autoscaling.v2.ResourceMetricStatus: name=v1.ResourceName
batch.v1.CronJobSpec: concurrencyPolicy=v1.ConcurrencyPolicy
batch.v1.JobCondition: type=v1.JobConditionType status=v1.ConditionStatus
batch.v1.JobSpec: completionMode=v1.CompletionMode podReplacementPolicy=v1.PodReplacementPolicy
batch.v1.PodFailurePolicyOnExitCodesRequirement: operator=v1.PodFailurePolicyOnExitCodesOperator
batch.v1.PodFailurePolicyOnPodConditionsPattern: type=v1.PodConditionType status=v1.ConditionStatus
batch.v1.PodFailurePolicyRule: action=v1.PodFailurePolicyAction
batch.v1.UncountedTerminatedPods: failed=types.UID succeeded=types.UID
certificates.v1.CertificateSigningRequestCondition: type=v1.RequestConditionType status=v1.ConditionStatus
certificates.v1.CertificateSigningRequestSpec: usages=v1.KeyUsage extra=v1.ExtraValue
coordination.v1.LeaseSpec: strategy=v1.CoordinatedLeaseStrategy
core.v1.AppArmorProfile: type=v1.AppArmorProfileType
core.v1.AttachedVolume: name=v1.UniqueVolumeName
core.v1.AzureDiskVolumeSource: cachingMode=v1.AzureDataDiskCachingMode kind=v1.AzureDataDiskKind
core.v1.Capabilities: add=v1.Capability drop=v1.Capability
core.v1.ComponentCondition: type=v1.ComponentConditionType status=v1.ConditionStatus
core.v1.ConfigMapNodeConfigSource: uid=types.UID
core.v1.Container: imagePullPolicy=v1.PullPolicy restartPolicy=v1.ContainerRestartPolicy
core.v1.Container: terminationMessagePolicy=v1.TerminationMessagePolicy
core.v1.ContainerPort: protocol=v1.Protocol
core.v1.ContainerResizePolicy: resourceName=v1.ResourceName restartPolicy=v1.ResourceResizeRestartPolicy
core.v1.ContainerRestartRule: action=v1.ContainerRestartRuleAction
core.v1.ContainerRestartRuleOnExitCodes: operator=v1.ContainerRestartRuleOnExitCodesOperator
core.v1.ContainerStatus: stopSignal=v1.Signal
core.v1.EmptyDirVolumeSource: medium=v1.StorageMedium
core.v1.EndpointPort: protocol=v1.Protocol
core.v1.EphemeralContainer: imagePullPolicy=v1.PullPolicy restartPolicy=v1.ContainerRestartPolicy
core.v1.EphemeralContainer: terminationMessagePolicy=v1.TerminationMessagePolicy
core.v1.HTTPGetAction: scheme=v1.URIScheme
core.v1.HostPathVolumeSource: type=v1.HostPathType
core.v1.ImageVolumeSource: pullPolicy=v1.PullPolicy
core.v1.Lifecycle: stopSignal=v1.Signal
core.v1.LimitRangeItem: type=v1.LimitType
core.v1.LoadBalancerIngress: ipMode=v1.LoadBalancerIPMode
core.v1.ModifyVolumeStatus: status=v1.PersistentVolumeClaimModifyVolumeStatus
core.v1.NamespaceCondition: type=v1.NamespaceConditionType status=v1.ConditionStatus
core.v1.NamespaceSpec: finalizers=v1.FinalizerName
core.v1.NamespaceStatus: phase=v1.NamespacePhase
core.v1.NodeAddress: type=v1.NodeAddressType
core.v1.NodeCondition: type=v1.NodeConditionType status=v1.ConditionStatus
core.v1.NodeSelectorRequirement: operator=v1.NodeSelectorOperator
core.v1.NodeStatus: phase=v1.NodePhase volumesInUse=v1.UniqueVolumeName
core.v1.ObjectReference: uid=types.UID
core.v1.PersistentVolumeClaimCondition: type=v1.PersistentVolumeClaimConditionType status=v1.ConditionStatus
core.v1.PersistentVolumeClaimSpec: accessModes=v1.PersistentVolumeAccessMode volumeMode=v1.PersistentVolumeMode
core.v1.PersistentVolumeClaimStatus: accessModes=v1.PersistentVolumeAccessMode phase=v1.PersistentVolumeClaimPhase
core.v1.PersistentVolumeClaimStatus: allocatedResourceStatuses=v1.ClaimResourceStatus
core.v1.PersistentVolumeSpec: accessModes=v1.PersistentVolumeAccessMode volumeMode=v1.PersistentVolumeMode
core.v1.PersistentVolumeSpec: persistentVolumeReclaimPolicy=v1.PersistentVolumeReclaimPolicy
core.v1.PersistentVolumeStatus: phase=v1.PersistentVolumePhase
core.v1.PodCondition: type=v1.PodConditionType status=v1.ConditionStatus
core.v1.PodOS: name=v1.OSName
core.v1.PodReadinessGate: conditionType=v1.PodConditionType
core.v1.PodSecurityContext: fsGroupChangePolicy=v1.PodFSGroupChangePolicy
core.v1.PodSecurityContext: seLinuxChangePolicy=v1.PodSELinuxChangePolicy
core.v1.PodSecurityContext: supplementalGroupsPolicy=v1.SupplementalGroupsPolicy
core.v1.PodSpec: dnsPolicy=v1.DNSPolicy preemptionPolicy=v1.PreemptionPolicy restartPolicy=v1.RestartPolicy
core.v1.PodStatus: phase=v1.PodPhase qosClass=v1.PodQOSClass resize=v1.PodResizeStatus
core.v1.PortStatus: protocol=v1.Protocol
core.v1.ReplicationControllerCondition: type=v1.ReplicationControllerConditionType status=v1.ConditionStatus
core.v1.ResourceHealth: resourceID=v1.ResourceID health=v1.ResourceHealthStatus
core.v1.ResourceQuotaSpec: scopes=v1.ResourceQuotaScope
core.v1.ResourceStatus: name=v1.ResourceName
core.v1.ScopedResourceSelectorRequirement: operator=v1.ScopeSelectorOperator scopeName=v1.ResourceQuotaScope
core.v1.SeccompProfile: type=v1.SeccompProfileType
core.v1.Secret: type=v1.SecretType
core.v1.SecurityContext: procMount=v1.ProcMountType
core.v1.ServicePort: protocol=v1.Protocol
core.v1.ServiceSpec: externalTrafficPolicy=v1.ServiceExternalTrafficPolicy ipFamilies=v1.IPFamily
core.v1.ServiceSpec: internalTrafficPolicy=v1.ServiceInternalTrafficPolicy ipFamilyPolicy=v1.IPFamilyPolicy
core.v1.ServiceSpec: sessionAffinity=v1.ServiceAffinity type=v1.ServiceType
core.v1.Taint: effect=v1.TaintEffect
core.v1.Toleration: effect=v1.TaintEffect operator=v1.TolerationOperator
core.v1.TopologySpreadConstraint: nodeAffinityPolicy=v1.NodeInclusionPolicy nodeTaintsPolicy=v1.NodeInclusionPolicy
core.v1.TopologySpreadConstraint: whenUnsatisfiable=v1.UnsatisfiableConstraintAction
core.v1.VolumeMount: mountPropagation=v1.MountPropagationMode recursiveReadOnly=v1.RecursiveReadOnlyMode
core.v1.VolumeMountStatus: recursiveReadOnly=v1.RecursiveReadOnlyMode
discovery.v1.EndpointPort: protocol=v1.Protocol
discovery.v1.EndpointSlice: addressType=v1.AddressType
flowcontrol.v1.FlowDistinguisherMethod: type=v1.FlowDistinguisherMethodType
flowcontrol.v1.FlowSchemaCondition: type=v1.FlowSchemaConditionType status=v1.ConditionStatus
flowcontrol.v1.LimitResponse: type=v1.LimitResponseType
flowcontrol.v1.PriorityLevelConfigurationCondition: type=v1.PriorityLevelConfigurationConditionType
flowcontrol.v1.PriorityLevelConfigurationCondition: status=v1.ConditionStatus
flowcontrol.v1.PriorityLevelConfigurationSpec: type=v1.PriorityLevelEnablement
flowcontrol.v1.Subject: kind=v1.SubjectKind
meta.v1.Condition: status=v1.ConditionStatus
meta.v1.DeleteOptions: propagationPolicy=v1.DeletionPropagation
meta.v1.FieldSelectorRequirement: operator=v1.FieldSelectorOperator
meta.v1.LabelSelectorRequirement: operator=v1.LabelSelectorOperator
meta.v1.ManagedFieldsEntry: operation=v1.ManagedFieldsOperationType
meta.v1.ObjectMeta: uid=types.UID
meta.v1.OwnerReference: uid=types.UID
meta.v1.Preconditions: uid=types.UID
meta.v1.Status: reason=v1.StatusReason
meta.v1.StatusCause: reason=v1.CauseType
meta.v1.StatusDetails: uid=types.UID
networking.v1.HTTPIngressPath: pathType=v1.PathType
networking.v1.IngressPortStatus: protocol=v1.Protocol
networking.v1.NetworkPolicyPort: protocol=v1.Protocol
networking.v1.NetworkPolicySpec: policyTypes=v1.PolicyType
policy.v1.PodDisruptionBudgetSpec: unhealthyPodEvictionPolicy=v1.UnhealthyPodEvictionPolicyType
resource.v1.AllocatedDeviceStatus: shareID=types.UID
resource.v1.DeviceAllocationConfiguration: source=v1.AllocationConfigSource
resource.v1.DeviceConstraint: distinctAttribute=v1.FullyQualifiedName matchAttribute=v1.FullyQualifiedName
resource.v1.DeviceRequestAllocationResult: shareID=types.UID
resource.v1.DeviceSubRequest: allocationMode=v1.DeviceAllocationMode
resource.v1.DeviceTaint: effect=v1.DeviceTaintEffect
resource.v1.DeviceToleration: effect=v1.DeviceTaintEffect operator=v1.DeviceTolerationOperator
resource.v1.ExactDeviceRequest: allocationMode=v1.DeviceAllocationMode
resource.v1.ResourceClaimConsumerReference: uid=types.UID
scheduling.v1.PriorityClass: preemptionPolicy=v1.PreemptionPolicy
storage.v1.CSIDriverSpec: fsGroupPolicy=v1.FSGroupPolicy volumeLifecycleModes=v1.VolumeLifecycleMode
storage.v1.StorageClass: reclaimPolicy=v1.PersistentVolumeReclaimPolicy volumeBindingMode=v1.VolumeBindingMode
"""

# Named Go types of whole lists and maps: `Type: field=GoType`.
GO_CONTAINERS = """
apiextensions.v1.JSONSchemaProps: definitions=v1.JSONSchemaDefinitions dependencies=v1.JSONSchemaDependencies
apiextensions.v1.JSONSchemaProps: x-kubernetes-validations=v1.ValidationRules
meta.v1.APIResource: verbs=v1.Verbs
core.v1.LimitRangeItem: default=v1.ResourceList defaultRequest=v1.ResourceList max=v1.ResourceList min=v1.ResourceList
core.v1.LimitRangeItem: maxLimitRequestRatio=v1.ResourceList
core.v1.ContainerStatus: allocatedResources=v1.ResourceList
core.v1.NodeStatus: allocatable=v1.ResourceList capacity=v1.ResourceList
core.v1.PersistentVolumeClaimStatus: allocatedResources=v1.ResourceList capacity=v1.ResourceList
core.v1.PersistentVolumeSpec: capacity=v1.ResourceList
core.v1.PodSpec: overhead=v1.ResourceList
core.v1.PodStatus: allocatedResources=v1.ResourceList
core.v1.ResourceQuotaSpec: hard=v1.ResourceList
core.v1.ResourceQuotaStatus: hard=v1.ResourceList used=v1.ResourceList
core.v1.ResourceRequirements: limits=v1.ResourceList requests=v1.ResourceList
core.v1.VolumeResourceRequirements: limits=v1.ResourceList requests=v1.ResourceList
node.v1.Overhead: podFixed=v1.ResourceList
core.v1.PersistentVolumeClaimStatus: allocatedResourceStatuses=map[v1.ResourceName]v1.ClaimResourceStatus
core.v1.NodeAllocatableResourceClaimStatus: resources=map[v1.ResourceName]resource.Quantity
resource.v1.CapacityRequirements: requests=map[v1.QualifiedName]resource.Quantity
resource.v1.Device: attributes=map[v1.QualifiedName]v1.DeviceAttribute capacity=map[v1.QualifiedName]v1.DeviceCapacity
resource.v1.DeviceRequestAllocationResult: consumedCapacity=map[v1.QualifiedName]resource.Quantity
"""

# Older API versions that are no longer served but whose kinds are still known: objects that name them are told apart
# from objects of unknown kinds. They are read as the types of today.
OLD_VERSIONS = """
admissionregistration.k8s.io/v1beta1: MutatingWebhookConfiguration ValidatingWebhookConfiguration
apps/v1beta1: ControllerRevision Deployment StatefulSet
apps/v1beta2: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
authentication.k8s.io/v1beta1: TokenReview
authorization.k8s.io/v1beta1: LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview
authorization.k8s.io/v1beta1: SubjectAccessReview
batch/v1beta1: CronJob
certificates.k8s.io/v1beta1: CertificateSigningRequest
coordination.k8s.io/v1beta1: Lease
discovery.k8s.io/v1beta1: EndpointSlice
events.k8s.io/v1beta1: Event
extensions/v1beta1: DaemonSet Deployment Ingress NetworkPolicy ReplicaSet
networking.k8s.io/v1beta1: Ingress IngressClass
node.k8s.io/v1beta1: RuntimeClass
policy/v1beta1: Eviction PodDisruptionBudget
rbac.authorization.k8s.io/v1alpha1: ClusterRole ClusterRoleBinding Role RoleBinding
rbac.authorization.k8s.io/v1beta1: ClusterRole ClusterRoleBinding Role RoleBinding
scheduling.k8s.io/v1beta1: PriorityClass
storage.k8s.io/v1beta1: CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment
"""


def table(text):
    """`{type: {field: value or ""}}` of one of the texts above."""
    result = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, fields = line.split(": ")
        entry = result.setdefault(name, {})
        for field in fields.split():
            key, _, value = field.partition("=")
            entry[key] = value
    return result

# The numbers of map fields in protobuf, where a message has several whose names end alike: of a map, the facts know the
# last letter of its name only.
MAP_NUMBERS = {
    "core.v1.ConfigMap": {"data": 2, "binaryData": 3},
    "core.v1.LimitRangeItem": {"default": 4, "defaultRequest": 5},
    "core.v1.PersistentVolumeClaimStatus": {"allocatedResources": 5, "allocatedResourceStatuses": 7},
    "core.v1.ResourceQuotaStatus": {"hard": 1, "used": 2},
    "core.v1.ResourceRequirements": {"limits": 1, "requests": 2},
    "core.v1.Secret": {"data": 2, "stringData": 4},
    "core.v1.VolumeResourceRequirements": {"limits": 1, "requests": 2},
    "resource.v1.Device": {"attributes": 2, "nodeAllocatableResourceMappings": 13},
    "apiextensions.v1.JSONSchemaProps": {
        "properties": 29, "patternProperties": 31, "dependencies": 32, "definitions": 34,
    },
    "meta.v1.ObjectMeta": {"labels": 11, "annotations": 12},
}
