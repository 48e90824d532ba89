package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	operatorsv2 "github.com/operator-framework/api/pkg/operators/v2"
	"github.com/operator-framework/operator-lib/conditions"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// operatorConditionVariable names the operator's OperatorCondition; the Operator
// Lifecycle Manager sets it, and nobody else.
const operatorConditionVariable = "OPERATOR_CONDITION_NAME"

// reasonIdle is the reason for being upgradeable.
const reasonIdle = "NothingUnderWay"

// Upgradeable tells the Operator Lifecycle Manager when it may bring the operator's
// next version: not while this one is still at work. It is nil where OLM is not.
type Upgradeable struct {
	condition conditions.Condition
	// told is what this process has told last.
	told metav1.Condition
}

// NewUpgradeable returns nil where the operator was not installed by OLM.
func NewUpgradeable(config *rest.Config) (*Upgradeable, error) {
	if os.Getenv(operatorConditionVariable) == "" {
		return nil, nil
	}
	scheme := runtime.NewScheme()
	if err := operatorsv2.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering OLM's kinds: %w", err)
	}
	// OLM lets the operator read and write this one object: there is nothing to watch.
	direct, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client for OLM's kinds: %w", err)
	}
	condition, err := conditions.InClusterFactory{Client: direct}.NewCondition(operatorsv2.ConditionType(operatorsv2.Upgradeable))
	if err != nil {
		return nil, fmt.Errorf("finding the operator's OperatorCondition: %w", err)
	}
	return &Upgradeable{condition: condition}, nil
}

// begin says before this process is ready, and so before OLM takes it for installed,
// that there is an installation to bring to its version. What another process has said
// for this version already counts more. OLM's grant may come a little late.
func (u *Upgradeable) begin(ctx context.Context, live client.Reader, env component.Environment) {
	if u == nil {
		return
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		last = u.claim(ctx, live, env)
		return last == nil, nil
	})
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(last, "telling OLM that an update begins")
	}
}

func (u *Upgradeable) claim(ctx context.Context, live client.Reader, env component.Environment) error {
	// The library's own error says that the object lacks the condition.
	_, err := u.condition.Get(ctx)
	if err == nil {
		return u.idle(ctx, live, env.Namespace)
	}
	if answer := apierrors.APIStatus(nil); errors.As(err, &answer) {
		return client.IgnoreNotFound(err)
	}
	all := &v1.KubeVirtList{}
	if err := live.List(ctx, all, client.InNamespace(env.Namespace)); err != nil {
		return fmt.Errorf("listing KubeVirt objects: %w", err)
	}
	kv := oldest(all.Items, env.Namespace)
	if kv == nil {
		return nil
	}
	config, err := component.NewConfig(env, kv, 0, nil)
	if err != nil || config.DeploymentID() == kv.Status.ObservedDeploymentID {
		return nil // What is wrong with the object is told in its own status.
	}
	return u.tell(ctx, metav1.Condition{
		Status: metav1.ConditionFalse, Reason: v1.ReasonUpdateInProgress, Message: "the installation is about to be brought to this version",
	})
}

// idle tells OLM that it may go on where there is no installation.
func (u *Upgradeable) idle(ctx context.Context, live client.Reader, namespace string) error {
	if u == nil {
		return nil
	}
	all := &v1.KubeVirtList{}
	if err := live.List(ctx, all, client.InNamespace(namespace)); err != nil {
		return fmt.Errorf("listing KubeVirt objects: %w", err)
	}
	if oldest(all.Items, namespace) != nil {
		return nil
	}
	return u.tell(ctx, nothingUnderWay())
}

func nothingUnderWay() metav1.Condition {
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: reasonIdle, Message: "no installation, update or removal is under way"}
}

// follow tells how an installation is doing, if that is news.
func (u *Upgradeable) follow(ctx context.Context, s *scope) error {
	if u == nil || s.primary != nil {
		return nil
	}
	if s.config == nil && !s.removing && !s.removed && s.invalid == "" {
		return nil // This reconcile has not come to where it could tell.
	}
	now := nothingUnderWay()
	if reason, message := underWay(s.kv.Status); !s.removed && reason != "" {
		now = metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
	}
	return u.tell(ctx, now)
}

// underWay is what an installation is in the middle of, or stuck in; nothing if it is
// as it was asked for last, or if that cannot be done at all.
func underWay(status v1.KubeVirtStatus) (reason, message string) {
	reason, message = v1.ReasonUpdateInProgress, "beginning"
	stuck := false
	if c := v1.FindCondition(status.Conditions, v1.ConditionDegraded); c != nil && c.Reason != v1.ReasonAllComponentsReady {
		reason, message = c.Reason, c.Message
		stuck = reason == v1.ReasonUpdateHalted || reason == v1.ReasonDeletionInProgress
	}
	installed := status.ObservedDeploymentID == status.TargetDeploymentID
	if installed && !stuck && !v1.IsConditionTrue(status.Conditions, v1.ConditionProgressing) {
		return "", ""
	}
	return reason, message
}

// tell writes the condition, unless it is there. The message is that of the moment
// when status or reason changed.
func (u *Upgradeable) tell(ctx context.Context, now metav1.Condition) error {
	same := func(c *metav1.Condition) bool { return c.Status == now.Status && c.Reason == now.Reason }
	if same(&u.told) {
		return nil
	}
	if was, err := u.condition.Get(ctx); err != nil || !same(was) {
		err := u.condition.Set(ctx, now.Status, conditions.WithReason(now.Reason), conditions.WithMessage(now.Message))
		if apierrors.IsNotFound(err) {
			return nil // OLM is about to remove this operator, or does not care.
		}
		if err != nil {
			return fmt.Errorf("telling OLM whether the operator is upgradeable: %w", err)
		}
	}
	u.told = now
	return nil
}
