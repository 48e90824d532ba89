package adm

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"k8s.io/client-go/dynamic"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func printDevices(ctx context.Context, objects dynamic.Interface, out io.Writer) error {
	kubeVirt, err := find(ctx, objects)
	if err != nil {
		return err
	}
	rows := rows(kubeVirt.Spec.Configuration.PermittedHostDevices)
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, "No devices are permitted (spec.configuration.permittedHostDevices of the KubeVirt object).")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "TYPE\tRESOURCE\tSELECTOR\tOFFERED BY")
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// rows are type, resource, selector and who offers the resource.
func rows(permitted *v1.PermittedHostDevices) [][]string {
	if permitted == nil {
		return nil
	}
	var rows [][]string
	for _, device := range permitted.PciHostDevices {
		rows = append(rows, []string{"pci", device.ResourceName, device.PciVendorSelector, offeredBy(device.ExternalResourceProvider)})
	}
	for _, device := range permitted.MediatedDevices {
		rows = append(rows, []string{"mdev", device.ResourceName, device.MdevNameSelector, offeredBy(device.ExternalResourceProvider)})
	}
	for _, device := range permitted.USB {
		var selectors []string
		for _, selector := range device.Selectors {
			selectors = append(selectors, selector.Vendor+":"+selector.Product)
		}
		rows = append(rows, []string{"usb", device.ResourceName, strings.Join(selectors, ","), offeredBy(device.ExternalResourceProvider)})
	}
	return rows
}

func offeredBy(external bool) string {
	if external {
		return "another device plugin"
	}
	return "virt-handler"
}
