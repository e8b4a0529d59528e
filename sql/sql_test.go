package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestLayoutConfinesNames(t *testing.T) {
	t.Parallel()
	f := func(ok bool, l Layout) {
		t.Helper()
		err := l.Validate()
		if ok {
			require.NoError(t, err)
			return
		}
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		_, err = Migrations(l)
		require.Error(t, err)
		_, err = Views(l)
		require.Error(t, err)
		_, err = CreateDatabase(l)
		require.Error(t, err)
	}
	f(true, Layout{Database: "parley"})
	f(true, Layout{Database: "parley_2", Cluster: "main-1.eu"})
	f(true, Layout{Database: "p", Cluster: "{cluster}"})
	f(false, Layout{})
	f(false, Layout{Database: "par ley"})
	f(false, Layout{Database: "parley; DROP DATABASE x"})
	f(false, Layout{Database: "9"})
	f(false, Layout{Database: "parley", Cluster: "c' SYNC"})
	f(false, Layout{Database: "parley", Cluster: "{}"})
}

func TestExpiryStaysWithinADateTime(t *testing.T) {
	t.Parallel()
	require.Less(t, uint64(lastExpiry), uint64(1)<<32)
}

func TestQueryNamesAFile(t *testing.T) {
	t.Parallel()
	_, err := Query(Layout{Database: "parley"}, "no_such_statement")
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}
