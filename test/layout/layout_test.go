// Package layout holds the project to the structure of docs/architecture.md:
// what may import what, how long files and functions may be, how packages are
// named.
package layout

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module       = "kubevirt.io/kubevirt"
	maxFileLines = 500
	maxFuncLines = 80
	maxMainLines = 80
)

// rule says what the packages below a path may import. Patterns are paths
// relative to the module; a trailing /... takes in everything below.
type rule struct {
	pkgs []string
	// ours lists the packages of this module that may be imported directly.
	ours []string
	// never lists import paths that may not be reached, directly or not.
	never []string
	// direct lists import paths that may not be imported directly.
	direct []string
}

var (
	clientGo = "k8s.io/client-go/..."
	libvirt  = "libvirt.org/go/libvirt"
	helpers  = []string{"api/...", "config/crd", "internal/condition", "internal/patch", "internal/event", "internal/clusterconfig/...", "internal/logging", "internal/version", "internal/certificate/...", "internal/turns", "internal/ratelimit", "internal/tlspolicy"}
)

var rules = []rule{
	{
		pkgs: []string{"api/..."}, ours: []string{"api/..."},
		never: []string{"sigs.k8s.io/controller-runtime/...", clientGo, "google.golang.org/grpc/..."},
	},
	{
		pkgs:  []string{"launcher/protocol", "handler/protocol", "launcher/hypervisor"},
		never: []string{"k8s.io/..."},
	},
	{
		pkgs: []string{"launcher/domain/..."}, ours: []string{"api/...", "launcher/domain/..."},
		never: []string{clientGo, libvirt}, direct: []string{"os", "os/exec"},
	},
	{
		pkgs:   []string{"internal/defaults", "internal/validate/...", "internal/launcherpod/...", "internal/component/..."},
		ours:   []string{"api/...", "internal/clusterconfig", "internal/validate/...", "internal/launcherpod/...", "internal/component/..."},
		never:  []string{clientGo, libvirt, module + "/handler/...", module + "/launcher/..."},
		direct: []string{"os/exec"},
	},
	{
		pkgs: []string{"launcher/libvirt"}, ours: []string{"launcher/hypervisor"},
		never: []string{module + "/api/...", "k8s.io/..."},
	},
	{
		pkgs: []string{"launcher/..."}, ours: []string{"api/...", "launcher/..."},
		never: []string{clientGo, "sigs.k8s.io/controller-runtime/...", module + "/handler/...", module + "/internal/..."},
	},
	{
		pkgs: []string{"handler/..."}, ours: append([]string{"launcher/protocol", "handler/..."}, helpers...),
		never: []string{libvirt, module + "/internal/controller/..."},
	},
	{
		pkgs: []string{"internal/datavolume"}, ours: []string{"api/..."},
	},
	{
		pkgs: []string{"internal/explain"}, ours: []string{"api/..."},
		never: []string{clientGo, "sigs.k8s.io/controller-runtime/..."}, direct: []string{"os", "net"},
	},
	{
		pkgs: []string{"internal/replicas"}, ours: []string{"api/...", "internal/patch"},
	},
	{
		pkgs:  []string{"internal/controller/..."},
		ours:  append([]string{"internal/launcherpod/...", "internal/component/...", "internal/datavolume", "internal/defaults", "internal/explain", "internal/replicas", "internal/revision", "internal/steps"}, helpers...),
		never: []string{libvirt, module + "/handler/...", module + "/launcher/...", module + "/internal/apiserver/..."},
	},
	{
		pkgs:  []string{"internal/apiserver/...", "internal/webhook/..."},
		ours:  append([]string{"handler/protocol", "internal/defaults", "internal/validate/...", "internal/webhook/...", "internal/apiserver/...", "internal/explain", "internal/launcherpod", "internal/component", "internal/unsupported"}, helpers...),
		never: []string{libvirt, module + "/internal/controller/...", module + "/launcher/..."},
	},
	{
		pkgs: []string{"internal/controlplane"}, ours: []string{"internal/apiserver", "internal/controller"},
	},
	{
		pkgs:  []string{"internal/virtctl/..."},
		ours:  append([]string{"internal/validate/...", "internal/virtctl/...", "internal/unsupported"}, helpers...),
		never: []string{libvirt, module + "/internal/controller/...", module + "/launcher/...", module + "/handler/..."},
	},
}

type pkg struct {
	ImportPath, Dir, Name string
	Imports, Deps         []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "libvirt_dlopen", "-json=ImportPath,Dir,Name,Imports,Deps", "./...")
	cmd.Dir = root(t)
	// launcher/libvirt is there only with cgo; nothing is compiled.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("reading the list of packages: %v", err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatal("the module has no packages")
	}
	return pkgs
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func matches(pattern, path string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

func anyMatch(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

// ruleFor takes the most specific rule: an exact path before the longest prefix.
func ruleFor(path string) *rule {
	var best *rule
	length := -1
	for i := range rules {
		for _, p := range rules[i].pkgs {
			if matches(p, path) && len(p) > length {
				best, length = &rules[i], len(p)
			}
		}
	}
	return best
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		r := ruleFor(path)
		for _, imp := range p.Imports {
			ours, isOurs := strings.CutPrefix(imp, module+"/")
			if isOurs && strings.HasPrefix(ours, "cmd/") {
				t.Errorf("%s imports %s: commands are imported by nobody", path, ours)
			}
			if isOurs && r != nil && !anyMatch(r.ours, ours) && !matches(path+"/...", ours) {
				t.Errorf("%s may not import %s", path, ours)
			}
			if r != nil && anyMatch(r.direct, imp) {
				t.Errorf("%s may not import %s directly", path, imp)
			}
		}
		if r == nil {
			continue
		}
		for _, dep := range p.Deps {
			if anyMatch(r.never, dep) {
				t.Errorf("%s must never reach %s", path, dep)
			}
		}
	}
}

var packageName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

func TestPackageNames(t *testing.T) {
	banned := []string{"util", "utils", "common", "helpers", "helper", "types", "misc"}
	for _, p := range list(t) {
		if !packageName.MatchString(p.Name) && !strings.HasSuffix(p.Name, "_test") {
			t.Errorf("%s: package name %q: want lower case letters and digits", p.ImportPath, p.Name)
		}
		if slices.Contains(banned, p.Name) {
			t.Errorf("%s: %q does not say what the package holds", p.ImportPath, p.Name)
		}
	}
}

var generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

func isGenerated(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for i := 0; i < 20 && scanner.Scan(); i++ {
		if generated.MatchString(scanner.Text()) {
			return true
		}
	}
	return false
}

// goFiles walks every hand-written Go file of the checkout, test modules included.
func goFiles(t *testing.T, visit func(path, rel string)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "_out" || (strings.HasPrefix(d.Name(), ".") && path != top)) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || isGenerated(path) {
			return nil
		}
		rel, err := filepath.Rel(top, path)
		visit(path, rel)
		return err
	})
	if err != nil {
		t.Fatalf("walking the checkout: %v", err)
	}
}

func TestSizes(t *testing.T) {
	goFiles(t, func(path, rel string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(string(data), "\n")
		limit := maxFileLines
		if strings.HasPrefix(rel, "cmd/") && !strings.HasSuffix(rel, "_test.go") {
			limit = maxMainLines
		}
		if lines > limit {
			t.Errorf("%s has %d lines, more than %d", rel, lines, limit)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, data, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("parsing %s: %v", rel, err)
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, more than %d", rel, fn.Name.Name, n, maxFuncLines)
			}
		}
	})
}
