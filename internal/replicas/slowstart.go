package replicas

import "sync"

// SlowStart does something n times, in batches that double from one on. It stops
// after the first batch in which something failed: when the cause is a quota or a
// webhook, the rest would fail as well, at a request each. Within a batch do is
// called at the same time, with numbers from 0 on. It returns how many succeeded,
// and one of the errors.
func SlowStart(n int, do func(i int) error) (done int, err error) {
	for start, size := 0, 1; start < n; start, size = start+size, 2*size {
		size = min(size, n-start)
		errs := make([]error, size)
		var batch sync.WaitGroup
		for i := range size {
			batch.Go(func() { errs[i] = do(start + i) })
		}
		batch.Wait()
		for _, e := range errs {
			switch {
			case e == nil:
				done++
			case err == nil:
				err = e
			}
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
