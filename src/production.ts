// Imported first: graphql-js and others decide while they load whether to make checks that only help who develops them.
process.env.NODE_ENV ??= 'production';
