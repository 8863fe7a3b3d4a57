// SPDX-License-Identifier: Apache-2.0
// The files of openapi/ that the server reads, as bytes inside the binary: one function a file.
#pragma once
#include <stddef.h>

/// The bytes of one embedded file; they live as long as the process.
typedef struct {
    const void *bytes;
    size_t count;
} podium_data;

/// openapi/schema.json: the types of the API.
podium_data podium_data_schema(void);

/// openapi/discovery.json: the collections of the API.
podium_data podium_data_discovery(void);

/// openapi/columns.json: the columns of tables.
podium_data podium_data_columns(void);

/// openapi/images.json: what is known of the images most used.
podium_data podium_data_images(void);

/// openapi/descriptions.json: what the fields of the API mean.
podium_data podium_data_descriptions(void);
