package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set when a release is built (-ldflags "-X main.version=...").
var version = ""

type versionCmd struct{}

func (versionCmd) Run(e *environment) error {
	fmt.Fprintln(e.stdout, "parley", versionText(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
