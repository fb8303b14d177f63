/**
 * The recovery protocol: replicated state and its limits, the controller that decides, and the ports to the world. A core: no clock,
 * socket, thread, file, lock or random source.
 */
package io.vmha.recovery.core;
