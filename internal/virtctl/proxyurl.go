package virtctl

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
)

// proxyURL is the value of --proxy-url, which the usual flags do not have although a
// kubeconfig does.
type proxyURL struct{ url *url.URL }

func (p *proxyURL) Type() string { return "string" }

func (p *proxyURL) String() string {
	if p.url == nil {
		return ""
	}
	return p.url.String()
}

// Set implements pflag.Value.
func (p *proxyURL) Set(text string) error {
	parsed, err := url.Parse(text)
	if err != nil {
		return err
	}
	if parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" && parsed.Scheme != "socks5" {
		return fmt.Errorf("%s is not the address of a proxy, such as http://proxy.example.com:3128", text)
	}
	p.url = parsed
	return nil
}

// addProxyURL gives every command --proxy-url, which goes before that of the
// kubeconfig.
func addProxyURL(set *pflag.FlagSet, flags *genericclioptions.ConfigFlags) {
	proxy := &proxyURL{}
	set.Var(proxy, "proxy-url", "proxy to reach the cluster through; that of the kubeconfig or the environment if empty")
	flags.WithWrapConfigFn(func(config *rest.Config) *rest.Config {
		if proxy.url != nil {
			config.Proxy = http.ProxyURL(proxy.url)
		}
		return config
	})
}
