package create

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// importType is a kind of origin of a disk's content.
type importType struct {
	name string
	// needed and optional are the parameters besides those of every type.
	needed, optional []string
	// sized tells that the size is known from the origin.
	sized bool
	// suggests tells that the origin may name an instance type.
	suggests bool
	fill     func(p parameters, namespace string, spec *cdiv1beta1.DataVolumeSpec) error
}

var importTypes = []importType{
	{name: "blank", fill: source(func(_ parameters, s *cdiv1beta1.DataVolumeSource) { s.Blank = &cdiv1beta1.DataVolumeBlankImage{} })},
	{name: "ds", needed: []string{"src"}, sized: true, suggests: true, fill: fromDataSource},
	{
		name: "gcs", needed: []string{"url"}, optional: []string{"secretref"},
		fill: source(func(p parameters, s *cdiv1beta1.DataVolumeSource) {
			s.GCS = &cdiv1beta1.DataVolumeSourceGCS{URL: p.values["url"], SecretRef: p.values["secretref"]}
		}),
	},
	{
		name: "http", needed: []string{"url"}, optional: []string{"secretref", "certconfigmap", "extraheaders", "secretextraheaders"},
		fill: source(func(p parameters, s *cdiv1beta1.DataVolumeSource) {
			s.HTTP = &cdiv1beta1.DataVolumeSourceHTTP{
				URL: p.values["url"], SecretRef: p.values["secretref"], CertConfigMap: p.values["certconfigmap"],
				ExtraHeaders: p.list("extraheaders"), SecretExtraHeaders: p.list("secretextraheaders"),
			}
		}),
	},
	{
		name: "imageio", needed: []string{"url", "diskid"}, optional: []string{"secretref", "certconfigmap"},
		fill: source(func(p parameters, s *cdiv1beta1.DataVolumeSource) {
			s.ImageIO = &cdiv1beta1.DataVolumeSourceImageIO{
				URL: p.values["url"], DiskID: p.values["diskid"], SecretRef: p.values["secretref"], CertConfigMap: p.values["certconfigmap"],
			}
		}),
	},
	{name: "pvc", needed: []string{"src"}, sized: true, suggests: true, fill: fromClaim},
	{
		name: "registry", optional: []string{"url", "imagestream", "pullmethod", "secretref", "certconfigmap"}, suggests: true,
		fill: fromRegistry,
	},
	{
		name: "s3", needed: []string{"url"}, optional: []string{"secretref", "certconfigmap"},
		fill: source(func(p parameters, s *cdiv1beta1.DataVolumeSource) {
			s.S3 = &cdiv1beta1.DataVolumeSourceS3{URL: p.values["url"], SecretRef: p.values["secretref"], CertConfigMap: p.values["certconfigmap"]}
		}),
	},
	{name: "snapshot", needed: []string{"src"}, sized: true, suggests: true, fill: fromSnapshot},
	{
		name: "vddk", needed: []string{"backingfile", "url", "uuid", "thumbprint", "secretref"}, optional: []string{"initimageurl"},
		fill: source(func(p parameters, s *cdiv1beta1.DataVolumeSource) {
			s.VDDK = &cdiv1beta1.DataVolumeSourceVDDK{
				BackingFile: p.values["backingfile"], URL: p.values["url"], UUID: p.values["uuid"], Thumbprint: p.values["thumbprint"],
				SecretRef: p.values["secretref"], InitImageURL: p.values["initimageurl"],
			}
		}),
	},
}

// importUsage lists the types for the flag's help.
func importUsage() string {
	var types []string
	for _, t := range importTypes {
		words := append([]string{}, t.needed...)
		if !t.sized {
			words = append(words, "size")
		}
		for _, word := range t.optional {
			words = append(words, "["+word+"]")
		}
		types = append(types, t.name+" ("+strings.Join(words, ",")+")")
	}
	return "Types: " + strings.Join(types, ", ")
}

// imported reads --volume-import.
func imported(o *Options, text string, number int) (volume, error) {
	const flag = "volume-import"
	allowed := []string{"type", "name", "bootorder", "size"}
	for _, t := range importTypes {
		allowed = append(append(allowed, t.needed...), t.optional...)
	}
	p, err := parse(flag, text, allowed...)
	if err != nil {
		return volume{}, err
	}
	if err := p.need("type"); err != nil {
		return volume{}, err
	}
	t := typeNamed(strings.ToLower(p.values["type"]))
	if t == nil {
		return volume{}, p.wrong("there is no type %s: %s", p.values["type"], importUsage())
	}
	// Once the type is known, so are the parameters that make sense.
	if p, err = parse(flag, text, slices.Concat([]string{"type", "name", "bootorder", "size"}, t.needed, t.optional)...); err != nil {
		return volume{}, err
	}
	return t.volume(o, p, fmt.Sprintf("%s-import-%d", o.Name, number))
}

func typeNamed(name string) *importType {
	i := slices.IndexFunc(importTypes, func(t importType) bool { return t.name == name })
	if i < 0 {
		return nil
	}
	return &importTypes[i]
}

// volume makes the volume and the DataVolume that fills it.
func (t *importType) volume(o *Options, p parameters, defaultName string) (volume, error) {
	needed := t.needed
	if !t.sized {
		needed = append([]string{"size"}, needed...)
	}
	if err := p.need(needed...); err != nil {
		return volume{}, err
	}
	v, err := begin(p, defaultName)
	if err != nil {
		return volume{}, err
	}
	spec := cdiv1beta1.DataVolumeSpec{Storage: &cdiv1beta1.StorageSpec{}}
	if size := p.values["size"]; size != "" {
		amount, err := quantity("--"+p.flag+": size", size)
		if err != nil {
			return volume{}, err
		}
		spec.Storage.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: *amount}
	}
	if err := t.fill(p, o.Namespace, &spec); err != nil {
		return volume{}, err
	}
	v.suggests = t.suggests
	v.DataVolume = &v1.DataVolumeSource{Name: v.Name}
	v.template = &v1.DataVolumeTemplateSpec{Metadata: metav1.ObjectMeta{Name: v.Name}, Spec: spec}
	return v, nil
}

// The deprecated flags are imports of one type each.

func dataSource(o *Options, text string, _ int) (volume, error) {
	return deprecated(o, "volume-datasource", "ds", text, []string{"src", "name", "bootorder", "size"}, func(p parameters) string {
		return o.Name + "-ds-" + p.values["src"][strings.LastIndex(p.values["src"], "/")+1:]
	})
}

func clonedClaim(o *Options, text string, _ int) (volume, error) {
	return deprecated(o, "volume-clone-pvc", "pvc", text, []string{"src", "name", "bootorder", "size"}, func(p parameters) string {
		return o.Name + "-pvc-" + p.values["src"][strings.LastIndex(p.values["src"], "/")+1:]
	})
}

func blank(o *Options, text string, number int) (volume, error) {
	return deprecated(o, "volume-blank", "blank", text, []string{"name", "size"}, func(parameters) string {
		return fmt.Sprintf("%s-blank-%d", o.Name, number)
	})
}

func deprecated(o *Options, flag, kind, text string, allowed []string, defaultName func(parameters) string) (volume, error) {
	p, err := parse(flag, text, allowed...)
	if err != nil {
		return volume{}, err
	}
	return typeNamed(kind).volume(o, p, defaultName(p))
}

func source(fill func(parameters, *cdiv1beta1.DataVolumeSource)) func(parameters, string, *cdiv1beta1.DataVolumeSpec) error {
	return func(p parameters, _ string, spec *cdiv1beta1.DataVolumeSpec) error {
		spec.Source = &cdiv1beta1.DataVolumeSource{}
		fill(p, spec.Source)
		return nil
	}
}

// origin is [NAMESPACE/]NAME of an object to copy.
func origin(p parameters, defaultNamespace string) (namespace, name string, err error) {
	namespace, name, found := strings.Cut(p.values["src"], "/")
	if !found {
		namespace, name = defaultNamespace, namespace
	}
	if name == "" || strings.Contains(name, "/") || found && namespace == "" {
		return "", "", p.wrong("src:%s must be NAMESPACE/NAME", p.values["src"])
	}
	return namespace, name, nil
}

func fromDataSource(p parameters, _ string, spec *cdiv1beta1.DataVolumeSpec) error {
	namespace, name, err := origin(p, "")
	spec.SourceRef = &cdiv1beta1.DataVolumeSourceRef{Kind: "DataSource", Name: name}
	if namespace != "" {
		spec.SourceRef.Namespace = &namespace
	}
	return err
}

// needNamespace is for origins whose namespace has no default in the API.
func needNamespace(p parameters, namespace string) error {
	if namespace == "" {
		return p.wrong("src:%s: whose namespace? Write src:NAMESPACE/NAME, or set -n", p.values["src"])
	}
	return nil
}

func fromClaim(p parameters, defaultNamespace string, spec *cdiv1beta1.DataVolumeSpec) error {
	namespace, name, err := origin(p, defaultNamespace)
	if err == nil {
		err = needNamespace(p, namespace)
	}
	spec.Source = &cdiv1beta1.DataVolumeSource{PVC: &cdiv1beta1.DataVolumeSourcePVC{Namespace: namespace, Name: name}}
	return err
}

func fromSnapshot(p parameters, defaultNamespace string, spec *cdiv1beta1.DataVolumeSpec) error {
	namespace, name, err := origin(p, defaultNamespace)
	if err == nil {
		err = needNamespace(p, namespace)
	}
	spec.Source = &cdiv1beta1.DataVolumeSource{Snapshot: &cdiv1beta1.DataVolumeSourceSnapshot{Namespace: namespace, Name: name}}
	return err
}

func fromRegistry(p parameters, _ string, spec *cdiv1beta1.DataVolumeSpec) error {
	if (p.values["url"] == "") == (p.values["imagestream"] == "") {
		return p.wrong("an image is named by either url or imagestream")
	}
	registry := &cdiv1beta1.DataVolumeSourceRegistry{
		URL: p.pointer("url"), ImageStream: p.pointer("imagestream"), SecretRef: p.pointer("secretref"), CertConfigMap: p.pointer("certconfigmap"),
	}
	if p.values["pullmethod"] != "" {
		text, err := p.oneOf("pullmethod", string(cdiv1beta1.RegistryPullMethodPod), string(cdiv1beta1.RegistryPullMethodNode))
		if err != nil {
			return err
		}
		method := cdiv1beta1.RegistryPullMethod(text)
		registry.PullMethod = &method
	}
	spec.Source = &cdiv1beta1.DataVolumeSource{Registry: registry}
	return nil
}
