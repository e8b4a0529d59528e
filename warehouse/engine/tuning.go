package engine

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
)

// DefaultMemory is the engine's memory cap in bytes where the configuration names none. It bounds what the
// engine allocates; the process holds about 210 MiB more, most of it the library's code, and for some seconds
// what the allocator has not given back yet.
const DefaultMemory = 768 << 20

// serverConfig is the engine's configuration file. The file is named explicitly on start, so that a
// config.xml in the working directory or the home of whoever starts Parley is never read.
//
// Everything is sized for one small machine: caches together take an eighth of the cap, merges run two at
// a time, and no system log table is named, so none is written.
func serverConfig(o orders) []byte {
	cache := o.Memory / 32
	var b strings.Builder
	b.WriteString("<clickhouse>\n")
	for _, s := range []struct {
		name  string
		value any
	}{
		{"max_server_memory_usage", o.Memory},
		{"max_server_memory_usage_to_ram_ratio", "0.9"},
		{"merges_mutations_memory_usage_soft_limit", o.Memory / 2}, // above it no new merge begins
		{"mark_cache_size", 2 * cache},
		{"primary_index_cache_size", cache},
		{"uncompressed_cache_size", 0},
		{"index_mark_cache_size", cache / 4},
		{"index_uncompressed_cache_size", 0},
		{"query_condition_cache_size", cache / 4},
		{"mmap_cache_size", 64},
		{"compiled_expression_cache_size", cache / 4},
		{"compiled_expression_cache_elements_size", 500},
		{"vector_similarity_index_cache_size", 0},
		{"iceberg_metadata_files_cache_size", 0},
		{"parquet_metadata_cache_size", 0},

		{"background_pool_size", 2},
		{"background_merges_mutations_concurrency_ratio", 1},
		{"background_move_pool_size", 1},
		{"background_fetches_pool_size", 1},
		{"background_common_pool_size", 2},
		{"background_buffer_flush_schedule_pool_size", 1},
		{"background_schedule_pool_size", 4},
		{"background_message_broker_schedule_pool_size", 1},
		{"background_distributed_schedule_pool_size", 1},
		{"max_io_thread_pool_size", 16},
		{"max_io_thread_pool_free_size", 0},
		{"max_thread_pool_free_size", 32},
		{"max_active_parts_loading_thread_pool_size", 4},
		{"max_outdated_parts_loading_thread_pool_size", 2},

		// Memory that queries gave back returns to the system soon, not when the allocator feels like it.
		{"memory_worker_purge_dirty_pages_threshold_ratio", "0.1"},
		{"jemalloc_enable_background_threads", 1},
		{"jemalloc_max_background_threads_num", 1},
		{"database_atomic_delay_before_drop_table_sec", 60},
	} {
		fmt.Fprintf(&b, "  <%s>%v</%s>\n", s.name, s.value, s.name)
	}
	b.WriteString("  <backups><allowed_path>")
	xml.EscapeText(&b, []byte(backupDir(o.Dir)))
	b.WriteString("</allowed_path></backups>\n")
	b.WriteString(mergeTreeConfig)
	b.WriteString("</clickhouse>\n")
	return []byte(b.String())
}

// mergeTreeConfig makes merges fit two threads: the numbers of free threads that the engine wants before it
// starts large merges or mutations must be below the pool's size, or it refuses to create tables. Statistics of
// every column are for planning joins of many tables; making them with each merge is not worth it here.
const mergeTreeConfig = `  <merge_tree>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    <max_number_of_merges_with_ttl_in_pool>1</max_number_of_merges_with_ttl_in_pool>
    <auto_statistics_types></auto_statistics_types>
  </merge_tree>
`

// sessionArgs are the arguments of every session: the engine's folder and the settings a request may
// override.
func sessionArgs(o orders) []string {
	return []string{
		"--path=" + dataDir(o.Dir),
		"--config-file=" + configPath(o.Dir),
		fmt.Sprintf("--max_threads=%d", o.Threads),
		"--max_insert_threads=1",
		// One query may have half of the cap, so that inserts and merges go on beside it, and sorts and groups
		// on disk from a quarter on.
		fmt.Sprintf("--max_memory_usage=%d", o.Memory/2),
		fmt.Sprintf("--max_bytes_before_external_group_by=%d", o.Memory/4),
		fmt.Sprintf("--max_bytes_before_external_sort=%d", o.Memory/4),
		"--implicit_select=0",
		"--allow_introspection_functions=0",
		"--async_insert=0",
		"--optimize_throw_if_noop=0",
	}
}

// prepareFolder makes the folders and the configuration file, readable by their owner alone.
func prepareFolder(o orders) error {
	for _, dir := range []string{o.Dir, dataDir(o.Dir), backupDir(o.Dir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("cannot make the engine's folder: %w", err)
		}
	}
	if err := os.WriteFile(configPath(o.Dir), serverConfig(o), 0o600); err != nil {
		return fmt.Errorf("cannot write the engine's configuration: %w", err)
	}
	return nil
}
