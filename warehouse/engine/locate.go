package engine

import (
	"os"
	"path/filepath"
	"runtime"

	"parley"
)

// Locate finds the engine library: the explicit path when one is given, else beside the running binary,
// else in a node_modules folder of the working directory or above it.
func Locate(explicit string) (string, error) {
	if explicit != "" {
		if !isFile(explicit) {
			return "", parley.Errorf(parley.NotFound, "cannot find the engine library: %s is no file", explicit)
		}
		return filepath.Abs(explicit)
	}
	var binary, work string
	if exe, err := os.Executable(); err == nil {
		binary = filepath.Dir(exe)
	}
	if wd, err := os.Getwd(); err == nil {
		work = wd
	}
	for _, path := range candidates(binary, work, runtime.GOOS, runtime.GOARCH) {
		if isFile(path) {
			return path, nil
		}
	}
	return "", parley.Errorf(parley.NotFound,
		"cannot find the engine library (%s): run `make engine`, or set PARLEY_ENGINE_LIB to its path", libraryName)
}

// libraryName is the file's name on every system: the npm packages of macOS use it as well.
const libraryName = "libchdb.so"

// maxParents bounds the way up from the working directory.
const maxParents = 16

// candidates lists where the library may be, most specific first.
func candidates(binary, work, goos, goarch string) []string {
	inModules := filepath.Join("node_modules", "@chdb", modulePackage(goos, goarch), libraryName)
	var paths []string
	if binary != "" {
		paths = append(paths, filepath.Join(binary, libraryName), filepath.Join(filepath.Dir(binary), inModules))
	}
	for i := 0; work != "" && i < maxParents; i++ {
		paths = append(paths, filepath.Join(work, inModules))
		parent := filepath.Dir(work)
		if parent == work {
			break
		}
		work = parent
	}
	return paths
}

// modulePackage names the npm package of a platform.
func modulePackage(goos, goarch string) string {
	arch := goarch
	if goarch == "amd64" {
		arch = "x64"
	}
	name := "lib-" + goos + "-" + arch
	if goos == "linux" {
		name += "-gnu"
	}
	return name
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
