/** Quotas of customers and models: what is due is reset. */
@NullMarked
package dev.meterkite.functions.quotas;

import org.jspecify.annotations.NullMarked;
