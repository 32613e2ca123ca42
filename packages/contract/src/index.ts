export { ENDPOINTS, type EndpointId, type Endpoints } from './api.ts';
export { answerSchema, takesBody, type Endpoint, type Input, type Method, type Output } from './endpoint.ts';
export { errorsOf, inputSchema, openApiDocument, outputSchema, problem, tagOf, whoMay } from './openapi.ts';
