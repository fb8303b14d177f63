/** Reading of configuration sections that the adapters own: every problem is collected, none is thrown, so that all can be shown at once. */
package io.vmha.recovery.config;
