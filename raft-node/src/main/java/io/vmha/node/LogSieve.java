package io.vmha.node;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Keeps back the one thing that Ratis calls an error though nobody has to act: a leader that talks to a server which is still starting. It is
 * told "not ready" and comes again.
 */
public final class LogSieve extends Filter<ILoggingEvent> {
    private static final String RATIS = "org.apache.ratis.";
    private static final String NOT_READY = "ServerNotReadyException";

    @Override
    public FilterReply decide(ILoggingEvent event) {
        IThrowableProxy thrown = event.getThrowableProxy();
        boolean starting = event.getLoggerName().startsWith(RATIS)
                && thrown != null
                && thrown.getClassName().endsWith(NOT_READY);
        return starting ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
}
