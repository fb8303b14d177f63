package io.vmha.testcluster.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process has used, as the kernel counts it. */
record Usage(long cpuMs, long residentMib, int threads) {
    private static final long TICK_MS = 10; // USER_HZ is 100 on every Linux

    static Usage of(ProcessHandle process) {
        try {
            String stat = Files.readString(
                    Path.of("/proc", Long.toString(process.pid()), "stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            // proc(5): utime 14, stime 15, num_threads 20, rss 24; the first one here is 3
            long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
            return new Usage(ticks * TICK_MS, Long.parseLong(fields[21]) * 4 / 1024, Integer.parseInt(fields[17]));
        } catch (IOException e) {
            throw new UncheckedIOException("process " + process.pid() + " has ended", e);
        }
    }
}
