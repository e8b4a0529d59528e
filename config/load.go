package config

import (
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"

	"parley"
)

// File is the name of the configuration file looked for in the working directory.
const File = "parley.yaml"

// prefix of the environment variables. The key log.max_bytes is PARLEY_LOG_MAX_BYTES.
const prefix = "PARLEY_"

// short forms of environment variables, beside those made from the keys.
var short = map[string]string{
	"PARLEY_LOG":       "log.url",
	"PARLEY_WAREHOUSE": "warehouse.address",
}

// ownVariables belong to the program but are no configuration.
var ownVariables = map[string]bool{"PARLEY_CONFIG": true, "PARLEY_SHARED": true}

// Load reads the configuration. file may be empty: then parley.yaml is read if it is there. environ is in
// the form of os.Environ. The result is valid; an error (kind invalid) names every problem.
func Load(file string, environ []string) (Config, error) {
	env := variables(environ)
	if file == "" {
		file = env["PARLEY_CONFIG"]
	}
	k := koanf.New(".")
	if err := loadFile(k, file); err != nil {
		return Config{}, err
	}
	base := Default()
	if dir := firstOf(env["PARLEY_DATA_DIR"], k.String("data_dir")); dir != "" {
		base = defaults(dir) // folders below data_dir follow it
	}
	all := koanf.New(".")
	flat, err := toMap(base)
	if err != nil {
		return Config{}, err
	}
	if err := all.Load(confmap.Provider(flat, "."), nil); err != nil {
		return Config{}, parley.Errorf(parley.Internal, "cannot read the defaults: %w", err)
	}
	keys := all.Keys()
	if err := all.Merge(k); err != nil {
		return Config{}, parley.Errorf(parley.Invalid, "cannot merge configuration: %w", err)
	}
	fromEnv, err := environment(env, keys)
	if err != nil {
		return Config{}, err
	}
	if err := all.Load(confmap.Provider(fromEnv, "."), nil); err != nil {
		return Config{}, parley.Errorf(parley.Invalid, "cannot read configuration from the environment: %w", err)
	}
	var c Config
	if err := decode(all, &c); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, parley.Errorf(parley.Invalid, "cannot use configuration:\n%w", err)
	}
	return c, nil
}

func loadFile(k *koanf.Koanf, file string) error {
	name := file
	if name == "" {
		name = File
	}
	content, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && file == "" {
		return nil
	}
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot read configuration: %w", err)
	}
	if err := k.Load(rawbytes.Provider(content), yaml.Parser()); err != nil {
		return parley.Errorf(parley.Invalid, "cannot read configuration %s: %w", name, err)
	}
	return nil
}

// decode fills the struct and refuses keys that it has no field for.
func decode(k *koanf.Koanf, c *Config) error {
	err := k.UnmarshalWithConf("", c, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(), mapstructure.TextUnmarshallerHookFunc(), mapstructure.StringToSliceHookFunc(",")),
		WeaklyTypedInput: true, ErrorUnused: true, Squash: true, Result: c, TagName: "koanf",
	}})
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot use configuration: %w", err)
	}
	return nil
}

// toMap writes a configuration as nested maps under its keys.
func toMap(c Config) (map[string]any, error) {
	m := map[string]any{}
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: &m, TagName: "koanf"})
	if err == nil {
		err = d.Decode(c)
	}
	if err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot write the defaults as a map: %w", err)
	}
	return m, nil
}

func variables(environ []string) map[string]string {
	env := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, prefix) {
			env[name] = value
		}
	}
	return env
}

// environment finds the key of every variable. One that belongs to no key is an error: it is a misspelling
// that would otherwise be obeyed by nobody.
func environment(env map[string]string, keys []string) (map[string]any, error) {
	byName := make(map[string]string, len(keys))
	for _, key := range keys {
		byName[prefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	for name, key := range short {
		byName[name] = key
	}
	values := map[string]any{}
	var unknown []string
	for name, value := range env {
		key, ok := byName[name]
		switch {
		case ok:
			values[key] = value
		case ownVariables[name] || strings.HasPrefix(name, "PARLEY_TEST_"):
		default:
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, parley.Errorf(parley.Invalid, "cannot use environment: no setting is named %s", strings.Join(unknown, ", "))
	}
	return values, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
