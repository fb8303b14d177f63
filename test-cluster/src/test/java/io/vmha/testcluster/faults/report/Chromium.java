package io.vmha.testcluster.faults.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Debian's browser without a screen. */
final class Chromium {
    private static final Path PROGRAM = Path.of("/usr/bin/chromium");

    private Chromium() {}

    /**
     * The document as it stands when the page's scripts have run, without a complaint of theirs.
     *
     * @param directory for the browser's profile and log
     */
    static String shown(Path page, Path directory) throws Exception {
        assumeTrue(Files.isExecutable(PROGRAM), "Debian's chromium is not installed");
        Path log = directory.resolve("chromium.log");
        Process chromium = new ProcessBuilder(
                        PROGRAM.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--enable-logging=stderr",
                        "--v=0",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--virtual-time-budget=8000",
                        "--dump-dom",
                        page.toUri().toString())
                .redirectError(log.toFile())
                .start();
        String document = new String(chromium.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(chromium.waitFor()).isZero();
        assertThat(Files.readString(log)).doesNotContain("CONSOLE").doesNotContain("Uncaught");
        return document;
    }
}
