package service_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"parley/service"
)

// fake notes what happens to it.
type fake struct {
	name  string
	notes *[]string
	fails error // of Start
	stops error
	ends  chan error
}

func (f *fake) Start(context.Context) error {
	*f.notes = append(*f.notes, "start "+f.name)
	return f.fails
}

func (f *fake) Stop(context.Context) error {
	*f.notes = append(*f.notes, "stop "+f.name)
	return f.stops
}

func (f *fake) Failed() <-chan error { return f.ends }

func group(fakes ...*fake) (*service.Group, *[]string) {
	notes := &[]string{}
	var named []service.Named
	for _, f := range fakes {
		f.notes = notes
		named = append(named, service.Named{Name: f.name, Service: f})
	}
	return service.NewGroup(slog.New(slog.DiscardHandler), named...), notes
}

func TestStopsInReverse(t *testing.T) {
	t.Parallel()
	g, notes := group(&fake{name: "a"}, &fake{name: "b", stops: errors.New("stuck")}, &fake{name: "c"})
	require.NoError(t, g.Start(t.Context()))
	require.EqualError(t, g.Stop(t.Context()), "cannot stop b: stuck")
	require.Equal(t, []string{"start a", "start b", "start c", "stop c", "stop b", "stop a"}, *notes)
	require.NoError(t, g.Stop(t.Context()), "a second stop does nothing")
}

func TestFailedStartStopsWhatWasStarted(t *testing.T) {
	t.Parallel()
	g, notes := group(&fake{name: "a"}, &fake{name: "b", fails: errors.New("no disk")}, &fake{name: "c"})
	require.EqualError(t, g.Start(t.Context()), "cannot start b: no disk")
	require.Equal(t, []string{"start a", "start b", "stop a"}, *notes)
}

func TestFailureOfAPartIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan error, 1)
		g, _ := group(&fake{name: "a"}, &fake{name: "b", ends: ends})
		require.NoError(t, g.Start(t.Context()))
		ends <- errors.New("gone")
		require.EqualError(t, <-g.Failed(), "b failed: gone")
		require.NoError(t, g.Stop(t.Context())) // and leaves no goroutine, or synctest says so
	})
}
