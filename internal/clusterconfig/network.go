package clusterconfig

import v1 "kubevirt.io/kubevirt/api/core/v1"

// defaultNetworkInterface is what the API documents.
const defaultNetworkInterface = "bridge"

func (c *Config) readNetwork(network *v1.NetworkConfiguration) {
	if network == nil {
		network = &v1.NetworkConfiguration{}
	}
	c.DefaultNetworkInterface = firstNonZero(network.DefaultNetworkInterface, defaultNetworkInterface)
	c.PermitBridgeOnPodNetwork = valueOr(network.PermitBridgeInterfaceOnPodNetwork, true)
	c.BindingPlugins = network.Binding
}

// BindingPlugin returns the plugin that binds an interface; false for one that is
// bound otherwise, or by a plugin that is not registered.
func (c *Config) BindingPlugin(nic *v1.Interface) (v1.InterfaceBindingPlugin, bool) {
	if nic.Binding == nil {
		return v1.InterfaceBindingPlugin{}, false
	}
	plugin, registered := c.BindingPlugins[nic.Binding.Name]
	return plugin, registered
}
